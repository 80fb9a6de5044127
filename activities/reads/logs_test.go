package reads_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/agents"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

// stage runs a service on all nodes of the running cluster, as an operation does.
func stage(t *testing.T, w *world.World, seq int, step, service string) {
	t.Helper()
	rec := w.Record()
	env := world.Environment()
	env.RegisterActivity(w.Acts.Agents)
	_, err := env.ExecuteActivity(w.Acts.Agents.RunStage, agents.StageInput{
		ClusterID: rec.ClusterID, RunID: rec.Operation.RunID, Seq: seq, Step: step, Service: service, Nodes: world.IDs(rec),
	})
	require.NoError(t, err)
}

func prints(w *world.World, service string, exit int, text string) {
	w.Agents.On(service, func(context.Context, fakes.Execution) agentapi.CommandStatus { return fakes.Exit(exit, text) })
}

func TestReadLogsOfTheLastOperationWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	prints(w, lifecycle.ServiceInit, 0, "old "+world.Secret+"\n")
	prints(w, lifecycle.ServiceStart, 3, "begin\nkey="+world.Secret+"\nend\n")
	stage(t, w, 1, "CC4", lifecycle.ServiceInit)
	stage(t, w, 2, "AN4", lifecycle.ServiceStart)
	_, err := w.Change(func(rec *lifecycle.Record) error { rec.Operation.State = api.OpSucceeded; return nil })
	require.NoError(t, err)
	w.Agents.Silence(rec.Nodes[1].ID)

	logs, err := w.Acts.Reads.ReadLogs(t.Context(), api.ReadLogsInput{ClusterID: world.ClusterID})
	require.NoError(t, err)
	require.Equal(t, 2, logs.Operation)
	require.Len(t, logs.Commands, 1)
	got := logs.Commands[0]
	require.Equal(t, "AN4 start "+rec.Nodes[0].Label(), got.Step+" "+got.Service+" "+got.Node)
	require.Equal(t, "begin\nkey=******\nend\n", got.Output)
	require.Equal(t, 3, got.ExitCode)
	require.Equal(t, got.Size, got.Next)
	require.Len(t, logs.Silent, 1)
	require.Equal(t, rec.Nodes[1].ID, logs.Silent[0].NodeID)
	require.NotContains(t, world.JSON(t, logs), world.Secret)

	// An older operation, after the password has changed.
	_, err = w.Change(func(rec *lifecycle.Record) error { rec.Spec.Secrets = []string{"another-password"}; return nil })
	require.NoError(t, err)
	logs, err = w.Acts.Reads.ReadLogs(t.Context(), api.ReadLogsInput{ClusterID: world.ClusterID, Operation: 1, Nodes: []string{rec.Nodes[0].ID}})
	require.NoError(t, err)
	require.Equal(t, "old ******\n", logs.Commands[0].Output)

	logs, err = w.Acts.Reads.ReadLogs(t.Context(), api.ReadLogsInput{ClusterID: world.ClusterID, Operation: 2, Step: "XX"})
	require.NoError(t, err)
	require.Empty(t, logs.Commands)
	_, err = w.Acts.Reads.ReadLogs(t.Context(), api.ReadLogsInput{ClusterID: world.ClusterID, Nodes: []string{"cln-unknown0"}})
	w.RequireFault(fault.NotFound, err)
}

func TestReadLogsIsReadOn(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	long := strings.Repeat("0123456789abcde\n", 3*agentapi.OutputLimit/16)
	// A page ends in the middle of a secret.
	at := agentapi.OutputLimit - 5
	long = long[:at] + world.Secret + long[at+len(world.Secret):]
	prints(w, lifecycle.ServiceStart, 0, long)
	stage(t, w, 1, "CC4", lifecycle.ServiceStart)
	in := api.ReadLogsInput{ClusterID: world.ClusterID, From: map[string]int64{}}
	var text strings.Builder
	pages := 0
	for more := true; more; pages++ {
		logs, err := w.Acts.Reads.ReadLogs(t.Context(), in)
		require.NoError(t, err)
		require.Len(t, logs.Commands, 1)
		text.WriteString(logs.Commands[0].Output)
		in.From[logs.Commands[0].ID] = logs.Commands[0].Next
		more = logs.More
	}
	require.Equal(t, 3, pages)
	require.Equal(t, long[:at]+"************"+long[at+len(world.Secret):], text.String())
	for id := range in.From {
		in.From[id] = api.LogRead
	}
	logs, err := w.Acts.Reads.ReadLogs(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, logs.Commands)
	logs, err = w.Acts.Reads.ReadLogs(t.Context(), api.ReadLogsInput{ClusterID: world.ClusterID, Tail: 16})
	require.NoError(t, err)
	require.Equal(t, "0123456789abcde\n", logs.Commands[0].Output)
}
