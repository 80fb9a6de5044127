package cli

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/workflows/api"
)

// runs are the ends of the run ids of scripted RunService operations, by cluster.
var runs sync.Map

// badService is the service of the script that fails.
const badService = "bad"

func runScript(ctx workflow.Context, in api.RunServiceInput) (*api.OperationResult, error) {
	info := workflow.GetInfo(ctx)
	id, run := clusterOf(info.WorkflowExecution.ID), info.WorkflowExecution.RunID
	runs.Store(id, run[strings.LastIndex(run, "-")+1:])
	if in.Service == badService {
		return nil, failing(fault.New(fault.CommandFailed, "bad of etcd_node/1 failed"))
	}
	return &api.OperationResult{ClusterID: id, Operation: api.RunService, ClusterState: "active", Nodes: 1}, nil
}

// logsScript has two pages of a first command, one of a second, and the end of that when it is followed.
func logsScript(_ workflow.Context, in api.ReadLogsInput) (*api.Logs, error) {
	run, _ := runs.Load(in.ClusterID)
	end, _ := run.(string)
	command := func(n int, state, text string, from, size int64) api.CommandLog {
		node := []string{"cln-00000001", "cln-00000002"}[n-1]
		c := api.CommandLog{
			ID: in.ClusterID + ".7-" + end + ".RS1.snapshot." + node, Node: []string{"etcd_node/1", "etcd_node/2"}[n-1], NodeID: node, Run: end,
			Step: "RS1", Service: "snapshot", State: state, StartedAt: "2026-01-02T03:04:05Z", Output: text, From: from, Next: from + int64(len(text)), Size: size,
		}
		if state == agentapi.StateExited {
			c.EndedAt, c.ExitCode = "2026-01-02T03:04:07.5Z", n-1
		}
		return c
	}
	out := &api.Logs{ClusterID: in.ClusterID, Operation: 7, Commands: []api.CommandLog{}}
	first, second := command(1, agentapi.StateExited, "one\n", 0, 8), command(2, agentapi.StateRunning, "begin\n", 0, 6)
	switch from, known := in.From[first.ID]; {
	case len(in.Nodes) > 0 && in.Nodes[0] != "cln-00000001":
		return nil, failing(fault.New(fault.Invalid, "unexpected nodes %v", in.Nodes))
	case in.Step == "none":
		out.Silent = []api.SilentNode{{Node: "etcd_node/3", NodeID: "cln-00000003", Why: "no answer"}}
	case !known:
		out.Commands, out.More, out.Running = []api.CommandLog{first, second}, true, true
	case from == 4:
		out.Commands, out.Running = []api.CommandLog{command(1, agentapi.StateExited, "two\n", 4, 8)}, true
	case in.WaitSec > 0:
		out.Commands = []api.CommandLog{command(2, agentapi.StateExited, "end\n", 6, 10)}
	}
	return out, nil
}

func TestLogsByNode(t *testing.T) {
	t.Parallel()
	c := drover(t, "logs", "cl-loglog00")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, `== RS1 snapshot, etcd_node/1 cln-00000001, exit code 0 after 2.5s
one
two

== RS1 snapshot, etcd_node/2 cln-00000002, running since 2026-01-02T03:04:05Z
begin
`, c.stdout.String())
	logs := decoded[logList](t, drover(t, "logs", "cl-loglog00", "etcd_node/1", "--lines", "1", "-o", "json").stdout.String())
	require.Equal(t, 7, logs.Operation)
	require.Equal(t, "two\n", logs.Items[0].Output)
	c = drover(t, "logs", "cl-loglog00", "--step", "none")
	require.Equal(t, exitUnreachable, c.code)
	require.Contains(t, c.stdout.String(), "! etcd_node/3 cln-00000003: no answer\n")
	c = drover(t, "logs", "cl-loglog00", "etcd_node/9", "10.0.0.7")
	require.Equal(t, exitUsage, c.code)
	require.Contains(t, c.stderr.String(), `not nodes of cluster cl-loglog00: "etcd_node/9"`)
	require.Contains(t, c.stderr.String(), `"10.0.0.7"`)
}

func TestLogsAreFollowed(t *testing.T) {
	t.Parallel()
	c := drover(t, "logs", "cl-follow00", "--follow")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, `== RS1 snapshot, etcd_node/1 cln-00000001
one

== RS1 snapshot, etcd_node/2 cln-00000002
begin

== RS1 snapshot, etcd_node/1 cln-00000001
two
-- etcd_node/1: exit code 0 after 2.5s

== RS1 snapshot, etcd_node/2 cln-00000002
end
-- etcd_node/2: exit code 1 after 2.5s
`, c.stdout.String())
	lines := strings.Split(strings.TrimSpace(drover(t, "logs", "cl-follow00", "--follow", "-o", "json").stdout.String()), "\n")
	require.Len(t, lines, 4)
	for _, line := range lines {
		require.NoError(t, json.Unmarshal([]byte(line), &api.CommandLog{}))
	}
}

func TestRunPrintsWhatNodesPrinted(t *testing.T) {
	t.Parallel()
	c := drover(t, "run", "cl-runrun00", "snapshot")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Contains(t, c.stdout.String(), "== RS1 snapshot, etcd_node/1 cln-00000001, exit code 0 after 2.5s\none\ntwo\n")
	ran := decoded[ranValue](t, drover(t, "run", "cl-runrun00", "snapshot", "-o", "json").stdout.String())
	require.Equal(t, "active", ran.ClusterState)
	require.Equal(t, "one\ntwo\n", ran.Commands[0].Output)
	c = drover(t, "run", "cl-runrun00", badService)
	require.Equal(t, exitFailed, c.code)
	require.Contains(t, c.stdout.String(), "one\ntwo\n")
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		n    int
		want string
	}{
		{"a\nb\n", 1, "b\n"}, {"a\nb", 1, "b"}, {"a\nb\n", 2, "a\nb\n"}, {"a\n\n", 1, "\n"}, {"", 3, ""}, {"a\nb\n", 0, "a\nb\n"},
	} {
		require.Equal(t, tc.want, lastLines(tc.text, tc.n), "%q %d", tc.text, tc.n)
	}
}
