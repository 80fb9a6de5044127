package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/fault"
	"drover/workflows/api"
)

func TestAViewerLosesItsPatience(t *testing.T) {
	t.Parallel()
	now, left := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), 0
	p := &patient{viewer: blind{}, now: func() time.Time { return now }, limit: time.Minute, leave: func() { left++ }}
	heard := client.Sight{Operation: client.Operation{Type: api.CreateCluster, ClusterID: known, State: client.StateRunning}}
	silent := heard
	silent.Note = "no worker responds"
	for _, s := range []client.Sight{silent, silent, heard, silent, silent} { // each half a minute after the one before
		p.Show(s)
		now = now.Add(30 * time.Second)
	}
	require.Zero(t, left, "it was heard of in between")
	p.Show(silent)
	p.Show(silent)
	require.Equal(t, 1, left)

	f := fault.As(abandoned(silent, time.Minute))
	require.Equal(t, exitUnreachable, exitCode(f))
	require.Contains(t, f.Message, "nothing was heard of CreateCluster of "+known+" for 1m0s: no worker responds")
	require.Contains(t, f.Hint, "drover watch "+known)
	require.Contains(t, f.Hint, "drover cancel "+known)

	a := newApp(System{})
	require.Zero(t, a.patience(), "what is only watched")
	a.asked = true
	require.Equal(t, followPatience, a.patience())
	a.timeoutGiven, a.target.ReadTimeout = true, 5*time.Second
	require.Equal(t, 5*time.Second, a.patience())
}
