package workflows_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// hangs makes the first command of a service hang until it is killed; meanwhile running sits beside the operation.
func (w *world) hangs(service string, running func(desk)) {
	var ran atomic.Int32
	w.answers, w.running = &answers{}, running
	w.agents.On(service, func(ctx context.Context, _ fakes.Execution) agentapi.CommandStatus {
		if ran.Add(1) == 1 {
			running(desk{t: w.t, env: w.env, answers: w.answers})
			<-ctx.Done()
		}
		return fakes.Exit(0, "")
	})
}

// An operator ends a command that hangs: its step fails and is held whatever the request says of failures, the kill is
// recorded with who and why, and a retry runs the command again where it was killed.
func TestAHangingCommandIsKilledAndRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", service(nodes("a", 2, "start"), "tidy", custom("nodes_to_execute_on", 1)))
	w.create("app")
	before := len(w.commands())
	w.hangs("tidy", func(d desk) {
		d.now(api.Resolution{Action: api.ResolveKill, By: "ann@desk", Reason: "it waits for a lock"})
	})
	w.operator = func(d desk) {
		require.Equal(t, api.OpHeld, d.State)
		require.Contains(t, d.Held.Error, "tidy on a/1 was cancelled on the node; killed by ann@desk at 2026-01-02T03:04:")
		if d.visit == 1 {
			d.resolve(api.Resolution{Action: api.ResolveKill})
			return
		}
		d.resolve(api.Resolution{Action: api.ResolveRetry})
	}
	r := w.start(api.RunService, api.RunServiceInput{Service: "tidy"})
	require.NoError(t, r.err)
	require.Equal(t, []string{"RV1 tidy a/1", "RV1 tidy a/1"}, w.commands()[before:])
	require.Len(t, w.answers.resolved, 2)
	require.Equal(t, []string{w.node("a", 1).ID}, w.answers.resolved[0].Killed)
	require.Equal(t, "tidy, order 0 was ended on a/1; its failure is held: retry, skip or abort it", w.answers.resolved[0].Next)
	require.Len(t, w.answers.refused, 1)
	require.ErrorContains(t, w.answers.refused[0], "no command of RunService of "+clusterID+" runs", "it has ended")
	require.Len(t, r.result.Warnings, 1)
	require.Regexp(t, `^tidy, order 0 killed by ann@desk at \S+: it waits for a lock \(on a/1\)$`, r.result.Warnings[0].Message)
}

// What is forced continues past a command that was killed.
func TestAForcedDeletionContinuesPastAKilledCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start", "stop"))
	w.create("app")
	w.hangs("stop", func(d desk) { d.now(api.Resolution{Action: api.ResolveKill, By: "ann@desk"}) })
	r := w.start(api.DeleteCluster, api.DeleteClusterInput{Force: true})
	require.NoError(t, r.err)
	require.NotEmpty(t, r.result.Warnings)
	w.nothingLeft()
}

func TestAKillIsForTheNodesOfTheCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", service(nodes("a", 2, "start"), "tidy", custom("nodes_to_execute_on", 1)))
	w.create("app")
	w.hangs("tidy", func(d desk) {
		for _, r := range []api.Resolution{
			{Action: api.ResolveKill, Nodes: []string{w.node("a", 2).ID}},
			{Action: api.ResolveKill, Step: "RV2"},
			{Action: api.ResolveKill, Nodes: []string{"a/1"}},
			{Action: api.ResolveRetry, Nodes: []string{w.node("a", 1).ID}},
			{Action: api.ResolveKill, Nodes: []string{w.node("a", 1).ID}, Step: "RV1"},
		} {
			d.now(r)
		}
	})
	w.operator = func(d desk) { d.resolve(api.Resolution{Action: api.ResolveAbort}) }
	r := w.start(api.RunService, api.RunServiceInput{Service: "tidy"})
	require.Equal(t, fault.CommandFailed, r.fault().Type)
	require.Contains(t, r.fault().Message, "killed by an operator")
	require.Len(t, w.answers.refused, 4)
	for i, says := range []string{"runs no command of RV1", "RV1 tidy, order 0 runs, not RV2", "is not the id of a node", "only with action kill"} {
		require.ErrorContains(t, w.answers.refused[i], says)
	}
}
