package agents_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drover/activities/agents"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func execute(rec *lifecycle.Record, words ...string) agents.ExecInput {
	return agents.ExecInput{RunID: "run-a-b", ExecCommandInput: api.ExecCommandInput{ClusterID: rec.ClusterID, Node: rec.Nodes[0].ID, Command: words}}
}

// A command runs once under its run, beside the operation that the record names; its output has no secret.
func TestExecRunsOnceBesideAnOperation(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(2)
	require.Equal(t, lifecycle.OperationRunning, rec.Operation.State)
	w.Agents.On("cat", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		return fakes.Exit(3, "key="+world.Secret+"\n")
	})
	in := execute(rec, "/bin/cat", "/etc/secret")
	for range 2 { // the second attempt finds the command of the first
		done, err := w.Acts.Agents.ExecCommand(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, api.Executed{
			ClusterID: rec.ClusterID, Node: "a/1", NodeID: rec.Nodes[0].ID, Command: in.Command, ExitCode: 3, Output: "key=******\n",
		}, done)
		require.False(t, done.OK())
	}
	ran := w.Agents.Ran()
	require.Len(t, ran, 1)
	require.Equal(t, rec.ClusterID+".0-b.exec.cat."+rec.Nodes[0].ID, ran[0].ID)
	require.Equal(t, []string{"DROVER_WORD_1=/bin/cat", "DROVER_WORD_2=/etc/secret"}, ran[0].Env)

	logs, err := w.Acts.Reads.ReadLogs(t.Context(), api.ReadLogsInput{ClusterID: rec.ClusterID})
	require.NoError(t, err)
	require.Empty(t, logs.Commands, "it is not a command of an operation")
	require.Equal(t, rec, w.Record(), "nothing is recorded as changed")
}

// What cannot be run is refused, and the reason named, before anything runs.
func TestExecRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*world.World, *lifecycle.Record, *agents.ExecInput)
		typ    fault.Type
		says   string
	}{
		"unknown cluster": {func(_ *world.World, _ *lifecycle.Record, in *agents.ExecInput) { in.ClusterID = "cl-unknown0" }, fault.NotFound, "cl-unknown0"},
		"unknown node":    {func(_ *world.World, _ *lifecycle.Record, in *agents.ExecInput) { in.Node = "cln-unknown0" }, fault.NotFound, "has no node cln-unknown0"},
		"cluster is off":  {func(_ *world.World, rec *lifecycle.Record, _ *agents.ExecInput) { rec.PoweredOff = true }, fault.NotAllowed, "is off"},
		"no agent": {func(_ *world.World, rec *lifecycle.Record, _ *agents.ExecInput) {
			rec.Spec.Roles[0].AgentInstalled = false
		},
			fault.NotAllowed, "agent_installed: false"},
		"another machine": {func(_ *world.World, rec *lifecycle.Record, _ *agents.ExecInput) {
			rec.Nodes[0].InstanceID = "i-another0"
		}, fault.NotAllowed, "has no agent yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world.New(t)
			rec := w.Running(1)
			in := execute(rec, "true")
			tc.change(w, rec, &in)
			w.Put(rec)
			_, err := w.Acts.Agents.ExecCommand(t.Context(), in)
			require.Contains(t, w.RequireFault(tc.typ, err).Message, tc.says)
			require.Empty(t, w.Agents.Ran())
		})
	}
}

// A node that does not answer is not asked for ever, and no retry follows: what became of the command is said once.
func TestExecOnASilentNode(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(1)
	w.Agents.Silence(rec.Nodes[0].ID)
	_, err := w.Acts.Agents.ExecCommand(t.Context(), execute(rec, "true"))
	f := w.RequireFault(fault.Unreachable, err)
	require.False(t, f.Retryable)
	require.True(t, strings.HasPrefix(f.Message, "true on node a/1 ("), f.Message)
}

// While an operator's command runs, the cluster has no finding: it is not a command that an operation left behind.
func TestExecIsNotAFinding(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(1)
	w.Ended(lifecycle.Active)
	looked := false
	w.Agents.On("df", func(context.Context, fakes.Execution) agentapi.CommandStatus {
		looked = true
		assert.Equal(t, []string{rec.ClusterID + ".0-b.exec.df." + rec.Nodes[0].ID}, w.Agents.Running(rec.Nodes[0].ID))
		assert.Empty(t, w.Examine().Findings)
		return fakes.Exit(0, "")
	})
	_, err := w.Acts.Agents.ExecCommand(t.Context(), execute(rec, "df"))
	require.NoError(t, err)
	require.True(t, looked)
}
