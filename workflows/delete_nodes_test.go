package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

// exits makes every command of a step end with a code.
func (w *world) exits(step string, code int) fakes.Handler {
	return func(_ context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
		return fakes.Exit(code, "no"), e.Step() == step
	}
}

func TestDN1toDN12DeleteNodesBranches(t *testing.T) {
	t.Parallel()
	const in, stop, destroy, post = "scale_in", "stop", "destroy", "destroy post_stop_service=true"
	const d = ": deleting-hosts"
	for _, tc := range []struct {
		name    string
		a       []string // services of role a, whose a/2 leaves; b/1 stays
		refuses string   // step that ends with 77
		force   bool
		want    []string
		stays   bool
		state   lifecycle.State
	}{
		{name: "DN4 without destroy: scale_in, stop", a: []string{in, stop, "start"},
			want: []string{"DN4 scale_in a/1" + d + " + DN4 scale_in b/1" + d, "DN4 stop a/2" + d}},
		{name: "DN6 destroy after stop", a: []string{in, stop, post, "start"},
			want: []string{"DN6 scale_in a/1" + d + " + DN6 scale_in b/1" + d, "DN6 stop a/2" + d, "DN6 destroy a/2" + d}},
		{name: "DN7 DN9 destroy before stop", a: []string{in, stop, destroy, "start"},
			want: []string{"DN7 destroy a/2" + d, "DN9 scale_in a/1" + d + " + DN9 scale_in b/1" + d, "DN9 stop a/2" + d}},
		{name: "DN8 the guard refuses: nothing stopped", a: []string{in, stop, destroy, "start"}, refuses: "DN7", stays: true,
			want: []string{"DN7 destroy a/2" + d}},
		{name: "DN9 forced past the guard", a: []string{in, stop, destroy, "start"}, refuses: "DN7", force: true,
			want: []string{"DN7 destroy a/2" + d, "DN9 scale_in a/1" + d + " + DN9 scale_in b/1" + d, "DN9 stop a/2" + d}},
		{name: "DN2b pre_check on the remaining nodes refuses", a: []string{"scale_in pre_check=check", stop, destroy, "start"}, refuses: "DN2b", stays: true,
			want: []string{"DN2b scale_in a/1" + d}},
		{name: "scale_in that fails blocks the release, also with force", a: []string{in, stop, "start"}, refuses: "DN4", force: true, stays: true,
			want: []string{"DN4 scale_in a/1" + d + " + DN4 scale_in b/1" + d}},
		{name: "DN6 the guard after stop refuses: the nodes start again", a: []string{stop, post, "start"}, refuses: "destroy", stays: true,
			want: []string{"DN6 scale_in b/1" + d, "DN6 stop a/2" + d, "DN6 destroy a/2" + d, "DN6-undo start a/2"}},
		{name: "nodes_to_execute_on counts the remaining nodes", a: []string{"scale_in nodes_to_execute_on=1", "start"},
			want: []string{"DN4 scale_in a/1" + d + " + DN4 scale_in b/1" + d}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publishAs("app", "1", scalable, nodes("a", 2, tc.a...), nodes("b", 1, in, "start"))
			w.create("app")
			before, had, target := len(w.commands()), w.resources(), w.node("a", 2).ID
			w.agents.Handlers = append(w.agents.Handlers, func(_ context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
				return fakes.Exit(77, ""), e.Step() == tc.refuses || e.Service() == tc.refuses
			})
			r := w.start(api.DeleteNodes, api.DeleteNodesInput{Nodes: []string{target}, Force: tc.force})
			requireOrder(t, tc.want, w.commandsSeeing(before))
			w.sound()
			require.Equal(t, lifecycle.Active, w.record().State)
			if tc.stays {
				require.Equal(t, fault.CommandFailed, r.fault().Type)
				require.Len(t, w.record().Nodes, 3)
				require.Equal(t, had, w.resources())
				return
			}
			require.NoError(t, r.err)
			require.Equal(t, 2, r.result.Nodes)
			require.Len(t, w.record().Nodes, 2)
			require.Equal(t, had-2, w.resources(), "its instance and its volume are gone")
		})
	}
}

func TestDN0Refusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		actions []string
		targets func(w *world) []string
		force   bool
		want    fault.Type
		says    string
	}{
		{name: "no target", actions: []string{"scale_horizontal"}, targets: func(*world) []string { return nil }, want: fault.Invalid, says: "nodes: required"},
		{name: "unknown target", actions: []string{"scale_horizontal"}, targets: func(*world) []string { return []string{"cln-nobody00"} }, want: fault.NotAllowed, says: "cln-nobody00"},
		{name: "add_nodes alone", actions: []string{"add_nodes"}, targets: func(w *world) []string { return []string{w.node("a", 1).ID} }, want: fault.NotAllowed, says: "scale_horizontal is not"},
		{name: "all of a role", actions: []string{"scale_horizontal"},
			targets: func(w *world) []string { return []string{w.node("a", 1).ID, w.node("a", 2).ID} }, want: fault.NotAllowed, says: "requires at least 1"},
		{name: "force where the role does not allow it", actions: []string{"scale_horizontal"}, force: true,
			targets: func(w *world) []string { return []string{w.node("a", 1).ID} }, want: fault.NotAllowed, says: "allow_force: false"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publishAs("app", "1", top{"advanced_actions": tc.actions}, nodes("a", 2, "destroy allow_force=false", "start"), nodes("b", 1, "start"))
			w.create("app")
			before, record := len(w.commands()), w.record()
			f := w.start(api.DeleteNodes, api.DeleteNodesInput{Nodes: tc.targets(w), Force: tc.force}).fault()
			require.Equal(t, tc.want, f.Type)
			require.Contains(t, f.Message, tc.says)
			require.Len(t, w.commands(), before)
			require.Equal(t, record, w.record())
		})
	}
}

func TestDN10WhatCannotBeReleasedIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", Fault: fault.New(fault.Unreachable, "the hypervisor is away")})
	r := w.start1(api.DeleteNodes, api.DeleteNodesInput{Nodes: []string{w.node("a", 2).ID, w.node("a-replica", 4).ID}})
	require.Len(t, r.result.Orphans, 4, "the instances, and the volumes they hold")
	ledger := w.ledger()
	require.Len(t, ledger, 4)
	require.Equal(t, api.DeleteNodes, ledger[0].Why)
	require.NotEmpty(t, ledger[0].NodeID)
	w.provider.Clear()
	w.sound()
	w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	w.nothingLeft()
	require.Empty(t, w.ledger(), "the deletion released them too")
}
