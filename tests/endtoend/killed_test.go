package endtoend

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// wait is a command that says it runs and continues when the test lets it: the file "go" of /data on its node's volume.
const wait = "touch /data/running; while [ ! -f /data/go ]; do sleep 0.05; done"

func running(t *testing.T, id string, n int) func() bool {
	return func() bool {
		up := 0
		for _, dir := range volumes(t, id) {
			if exists(filepath.Join(dir, "running")) {
				up++
			}
		}
		return up == n
	}
}

func letGo(t *testing.T, id string) {
	for _, dir := range volumes(t, id) {
		writeFile(t, filepath.Join(dir, "go"), "")
	}
}

// A worker killed in the middle of init and started again finishes the creation, and init ran once on every node. This
// test restarts the shared worker, so it does not run beside others.
func TestWorkerKilledInTheMiddleOfInit(t *testing.T) {
	id := newID()
	app := publish(t, 3, map[string]string{"init": wait, "start": "true"})
	drover(t, "create", app, "--id", id, "--no-wait").OK(t)
	eventually(t, "init runs on three nodes", running(t, id, 3))
	require.NoError(t, servers.KillWorker())
	letGo(t, id)
	require.NoError(t, servers.StartWorker(t.Context()))
	drover(t, "watch", id).OK(t)
	require.Equal(t, []string{"init start", "init start", "init start"}, traces(t, id))
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}

// A worker that is told to stop lets go at once: the command continues and the next worker attaches to it.
func TestWorkerStoppedInTheMiddleOfInit(t *testing.T) {
	id := newID()
	app := publish(t, 1, map[string]string{"init": wait})
	drover(t, "create", app, "--id", id, "--no-wait").OK(t)
	eventually(t, "init runs", running(t, id, 1))
	require.NoError(t, servers.StopWorker())
	require.NoError(t, servers.StartWorker(t.Context()))
	letGo(t, id)
	drover(t, "watch", id).OK(t)
	require.Equal(t, []string{"init"}, traces(t, id))
	drover(t, "delete", id, "--yes").OK(t)
}

// A second operation is refused, naming the running one and its step.
func TestSecondOperationIsRefused(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{"start": wait})
	drover(t, "create", app, "--id", id, "--no-wait").OK(t)
	eventually(t, "start runs", running(t, id, 1))
	refused := drover(t, "delete", id, "--yes")
	require.Equal(t, 3, refused.Code, refused.Stderr)
	for _, text := range []string{api.CreateCluster, "CC4", "start"} {
		require.Contains(t, refused.Stderr, text)
	}
	letGo(t, id)
	drover(t, "watch", id).OK(t)
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}
