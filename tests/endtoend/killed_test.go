package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"drover/workflows/api"
)

// wait is a command that says it runs and goes on when the test lets it: /data/go on its node's volume.
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
	drover(t, "create", app, "--id", id, "--no-wait").ok(t)
	eventually(t, "init runs on three nodes", running(t, id, 3))
	require.NoError(t, servers.KillWorker())
	letGo(t, id)
	require.NoError(t, servers.StartWorker(t.Context()))
	drover(t, "watch", id).ok(t)
	require.Equal(t, []string{"init start", "init start", "init start"}, traces(t, id))
	drover(t, "delete", id, "--yes").ok(t)
	nothingLeft(t, id)
}

// A worker that is told to stop lets go at once: the command goes on and the next worker attaches to it.
func TestWorkerStoppedInTheMiddleOfInit(t *testing.T) {
	id := newID()
	app := publish(t, 1, map[string]string{"init": wait})
	drover(t, "create", app, "--id", id, "--no-wait").ok(t)
	eventually(t, "init runs", running(t, id, 1))
	require.NoError(t, servers.StopWorker())
	require.NoError(t, servers.StartWorker(t.Context()))
	letGo(t, id)
	drover(t, "watch", id).ok(t)
	require.Equal(t, []string{"init"}, traces(t, id))
	drover(t, "delete", id, "--yes").ok(t)
}

// A node's agent killed in mid command is started again by the node, and the command is neither lost nor run twice.
func TestAgentKilledInTheMiddleOfInit(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{"init": wait + "; cat /proc/sys/kernel/hostname"})
	drover(t, "create", app, "--id", id, "--no-wait").ok(t)
	eventually(t, "init runs", running(t, id, 1))
	var status struct {
		Cluster api.ClusterView `json:"cluster"`
	}
	drover(t, "status", id, "-o", "json").ok(t).json(t, &status)
	killAgent(t, status.Cluster.Nodes[0].InstanceID)
	letGo(t, id)
	drover(t, "watch", id).ok(t)
	require.Equal(t, []string{"init"}, traces(t, id))
	drover(t, "delete", id, "--yes").ok(t)
}

// killAgent ends the agent of a node by its process id: the process whose hostname is the instance's and whose command
// line is the agent's.
func killAgent(t *testing.T, instanceID string) {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, proc := range procs {
		cmdline, _ := os.ReadFile(proc + "/cmdline")
		words := strings.Split(string(cmdline), "\x00")
		if len(words) < 2 || !strings.HasSuffix(words[0], "drover-agent") || words[1] != "run" {
			continue
		}
		if name, err := os.ReadFile(proc + "/root/etc/hostname"); err == nil && strings.TrimSpace(string(name)) == instanceID {
			var pid int
			for _, c := range filepath.Base(proc) {
				pid = pid*10 + int(c-'0')
			}
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			return
		}
	}
	require.Fail(t, "no agent process of "+instanceID)
}

// A cancel reaches the running command, everything is taken back, and the operation ends as cancelled.
func TestCancelInTheMiddleOfStart(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 2, map[string]string{"start": "trap 'exit 3' TERM; " + wait})
	drover(t, "create", app, "--id", id, "--no-wait").ok(t)
	eventually(t, "start runs on two nodes", running(t, id, 2))
	c := temporalClient(t)
	require.NoError(t, c.CancelWorkflow(t.Context(), api.WorkflowID(id), ""))
	require.Equal(t, 1, drover(t, "watch", id).code)
	d, err := c.DescribeWorkflowExecution(t.Context(), api.WorkflowID(id), "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, d.WorkflowExecutionInfo.Status)
	nothingLeft(t, id)
}

// A second operation is refused, naming the running one and its step.
func TestSecondOperationIsRefused(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{"start": wait})
	drover(t, "create", app, "--id", id, "--no-wait").ok(t)
	eventually(t, "start runs", running(t, id, 1))
	refused := drover(t, "delete", id, "--yes")
	require.Equal(t, 3, refused.code, refused.stderr)
	for _, text := range []string{api.CreateCluster, "CC4", "start"} {
		require.Contains(t, refused.stderr, text)
	}
	letGo(t, id)
	drover(t, "watch", id).ok(t)
	drover(t, "delete", id, "--yes").ok(t)
	nothingLeft(t, id)
}
