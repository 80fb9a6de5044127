package endtoend

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drover/workflows/api"
)

// losePower ends every process of a cluster's nodes at once.
func losePower(t *testing.T, id string) {
	t.Helper()
	for _, n := range look(t, id).Cluster.Nodes {
		text, err := os.ReadFile(filepath.Join(servers.StateDir, "nodes", n.InstanceID, "pid.json"))
		require.NoError(t, err)
		var first struct{ Pid int }
		require.NoError(t, json.Unmarshal(text, &first))
		require.Greater(t, first.Pid, 1)
		require.NoError(t, syscall.Kill(first.Pid, syscall.SIGKILL))
	}
}

// An operation that was terminated leaves its command running. The next one ends it before it does anything.
func TestTheNextOperationEndsWhatATerminatedOneLeft(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{
		"start": "true", "stop": "[ ! -f /data/running ]",
		"tidy": "trap 'rm /data/running; exit 1' TERM; touch /data/running; while :; do sleep 0.05; done",
	})
	drover(t, "create", app, "--id", id).OK(t)
	drover(t, "run", id, "tidy", "--no-wait").OK(t)
	eventually(t, "the service runs", running(t, id, 1))
	c, err := client.Dial(client.Options{HostPort: servers.TemporalAddress})
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.TerminateWorkflow(t.Context(), api.WorkflowID(id), "", "a test"))
	drover(t, "stop", id).OK(t)
	require.False(t, exists(filepath.Join(volumes(t, id)[0], "running")))
	drover(t, "delete", id, "--yes").OK(t)
}

// The host of everything restarts in the middle of an operation: servers and worker come back by themselves, nodes do not.
// The operation switches its nodes on and is held within a minute, since what ran on them has an unknown outcome. This test
// restarts the shared servers, so it does not run beside others.
func TestTheHostRestartsInTheMiddleOfAnOperation(t *testing.T) {
	id := newID()
	app := publish(t, 2, map[string]string{"init": wait, "start": "true"})
	drover(t, "create", app, "--id", id, "--no-wait").OK(t)
	eventually(t, "init runs on two nodes", running(t, id, 2))
	losePower(t, id)
	require.NoError(t, servers.KillWorker())
	for _, name := range []string{"temporal", "consul"} {
		require.NoError(t, servers.KillServer(name))
	}
	for _, name := range []string{"temporal", "consul"} {
		require.NoError(t, servers.StartServer(t.Context(), name))
	}
	require.NoError(t, servers.StartWorker(t.Context()))
	back := time.Now()
	eventually(t, "the operation is held", held(t, id))
	require.Less(t, time.Since(back), time.Minute)
	why := look(t, id).Operation.Waiting.Held
	require.Equal(t, []any{"CC4", "init", 2, true}, []any{why.Step, why.Service, why.Failed, why.Unknown})

	letGo(t, id)
	drover(t, "resolve", id, "--retry").OK(t)
	drover(t, "watch", id).OK(t)
	require.Equal(t, []string{"init init start", "init init start"}, traces(t, id))
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}
