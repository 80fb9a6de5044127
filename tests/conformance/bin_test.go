package conformance

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/workflows/api"
)

// A deleted cluster is kept with everything it had, comes back byte by byte without init, and is released: on request, or by the
// timer.
// Not parallel: the address of the lost machine is free until another cluster takes it.
//
// step: DC8 RC1 RC2 RC3 CE1
func TestTheRecycleBin(t *testing.T) {
	a := newApp(and(role("a", 2, "init", "start", "stop", "destroy"), object{"volume": object{"size": 1, "mount_point": "/data"}}))
	c := create(t, a, api.CreateClusterInput{Keep: "1h"}, "init: a/1 a/2"+a12, "start: a/1 a/2")
	content := make([]byte, 1<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	file := filepath.Join(c.volumeOf("a/2"), "file")
	require.NoError(t, os.WriteFile(file, content, 0o640))
	before, published := c.nodes(), c.tree()

	for _, lost := range []bool{false, true} {
		c.run(api.DeleteCluster, api.DeleteClusterInput{}, "destroy: a/1 a/2"+a12, "stop: a/1 a/2")
		require.Equal(t, "DC5 DC7 DC8", c.walked())
		view := c.view()
		require.Equal(t, "deleted", view.State)
		until, err := time.Parse(time.RFC3339, view.Binned.Until)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(time.Hour), until, 2*time.Minute)
		for _, n := range view.Nodes {
			require.Equal(t, providers.Off, c.machine(n.InstanceID).State)
		}
		if lost {
			require.NoError(t, machines.DeleteInstance(t.Context(), before["a/2"].InstanceID))
		}
		c.run(api.RecoverCluster, api.RecoverClusterInput{}, "start: a/1 a/2"+a12)
		require.Equal(t, "RC1 RC2 RC3", c.walked())
		require.Equal(t, "active", c.state())
		c.settled("RC2")
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, content, after)
		for name, n := range c.nodes() {
			require.Equal(t, before[name].NodeID, n.NodeID)
			require.Equal(t, before[name].IP, n.IP)
		}
		require.Equal(t, published, c.tree())
	}

	c.run(api.DeleteCluster, api.DeleteClusterInput{Keep: "2h"}, "destroy: a/1 a/2"+a12, "stop: a/1 a/2")
	c.run(api.CeaseCluster, api.CeaseClusterInput{})
	require.Equal(t, "CE1", c.walked())
	c.gone()

	timed := newCluster(t)
	timed.run(api.CreateCluster, api.CreateClusterInput{App: a.id}, "init: a/1 a/2"+a12, "start: a/1 a/2")
	timed.run(api.DeleteCluster, api.DeleteClusterInput{Keep: "1s"}, "destroy: a/1 a/2"+a12, "stop: a/1 a/2")
	require.Eventually(t, func() bool { return len(consul(t, "drover/state/"+timed.id)) == 0 }, time.Minute, 100*time.Millisecond)
	timed.gone()
}
