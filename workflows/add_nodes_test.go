package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

func TestAN1toAN7AddNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	before := len(w.commands())
	r := w.start1(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1})

	requireOrder(t, []string{
		"AN0 scale_out a/1",
		"AN5 init a/5: adding-hosts + AN5 init a-replica/6: adding-hosts",
		"AN5 custom_metadata a/5: adding-hosts + AN5 custom_metadata a-replica/6: adding-hosts",
		"AN5 start a/5: adding-hosts + AN5 start a-replica/6: adding-hosts",
		"AN6 scale_out a/1: adding-hosts",
	}, w.commandsSeeing(before))
	require.Equal(t, "enough", w.agents.Ran()[before].Cmd, "AN0 is the pre_check")
	for _, e := range w.agents.Ran()[before+1:] {
		require.NotEmpty(t, e.Seen["self/adding-hosts/a/"+w.node("a", 5).InstanceID+"/ip"])
		require.NotEmpty(t, e.Seen["self/hosts/a/"+w.node("a", 5).InstanceID+"/ip"])
	}
	master, replica := w.node("a", 5), w.node("a-replica", 6)
	require.Equal(t, master.GID, replica.GID, "a new master brings a replica of its own gid")
	require.Equal(t, 3, master.GID)
	require.Equal(t, 7, r.result.Nodes)
	require.Equal(t, lifecycle.Active, w.record().State)
	w.sound()
}

func TestAN0Refusals(t *testing.T) {
	t.Parallel()
	grows := func(actions any) []map[string]any {
		return []map[string]any{with(nodes("a", 1, "scale_out pre_check=check"), "advanced_actions", actions, "server_id_upper_bound", 3, "replica", 1)}
	}
	for _, tc := range []struct {
		name  string
		roles []map[string]any
		input api.AddNodesInput
		check bool // the pre_check refuses
		want  fault.Type
		says  string
	}{
		{name: "no advanced action", roles: []map[string]any{nodes("a", 1)}, input: api.AddNodesInput{Role: "a", Count: 1},
			want: fault.NotAllowed, says: "does not allow adding nodes"},
		{name: "an empty list of the role overrides", roles: grows([]string{}), input: api.AddNodesInput{Role: "a", Count: 1},
			want: fault.NotAllowed, says: "does not allow adding nodes"},
		{name: "unknown role", roles: grows([]string{"add_nodes"}), input: api.AddNodesInput{Role: "z", Count: 1}, want: fault.NotAllowed, says: `no role "z"`},
		{name: "replica role", roles: grows([]string{"add_nodes"}), input: api.AddNodesInput{Role: "a-replica", Count: 1}, want: fault.NotAllowed, says: "grows with it"},
		{name: "none", roles: grows([]string{"add_nodes"}), input: api.AddNodesInput{Role: "a"}, want: fault.Invalid, says: "count"},
		{name: "beyond server_id_upper_bound", roles: grows([]string{"add_nodes"}), input: api.AddNodesInput{Role: "a", Count: 1}, want: fault.NotAllowed, says: "server_id_upper_bound is 3"},
		{name: "AN0 scale_out.pre_check", roles: []map[string]any{with(nodes("a", 1, "scale_out pre_check=check"), "advanced_actions", []string{"add_nodes"})},
			input: api.AddNodesInput{Role: "a", Count: 1}, check: true, want: fault.CommandFailed, says: "scale_out pre_check on a/1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish("app", tc.roles...)
			w.create("app")
			had := w.resources()
			if tc.check {
				w.refuse("scale_out", "a")
			}
			f := w.start(api.AddNodes, tc.input).fault()
			require.Equal(t, tc.want, f.Type, f.Message)
			require.Contains(t, f.Message, tc.says)
			require.Equal(t, had, w.resources(), "nothing is created")
			for _, c := range w.provider.Calls() {
				require.NotContains(t, c.Method, "Delete", "so nothing is released")
			}
			w.sound()
		})
	}
}

func TestAN6FailureKeepsTheNewNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	w.agents.Handlers = append(w.agents.Handlers, w.exits("AN6", 9))
	f := w.start(api.AddNodes, api.AddNodesInput{Role: "a", Count: 2}).fault()
	require.Equal(t, 9, f.ExitCode)
	require.Len(t, w.record().Nodes, 5+4, "they hold data already")
	require.Equal(t, lifecycle.Active, w.record().State)
	w.sound()
}

func TestAN5FailureTakesTheNewNodesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	had, revision := w.resources(), w.record().Revision
	w.agents.Handlers = append(w.agents.Handlers, w.exits("AN5", 9))
	r := w.start(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1})
	require.Equal(t, "init", r.fault().Service)
	require.Len(t, w.record().Nodes, 5)
	require.Equal(t, had, w.resources())
	require.Equal(t, revision+2, w.record().Revision, "there, and back")
	require.Equal(t, []string{"AN1", "AN2"}, []string{r.progress().Undo[0].ID, r.progress().Undo[1].ID}, "deregistration comes last")
	w.sound()
}
