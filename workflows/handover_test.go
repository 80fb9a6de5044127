package workflows_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// Where nodes take turns, a history that has become long ends its run, and the operation continues in the next one. What
// happens to the nodes, what people see and what is undone must be the same as in one run.

// inTurns are the operations in which nodes take turns.
func inTurns() map[string]struct {
	input    any
	services []string
} {
	return map[string]struct {
		input    any
		services []string
	}{
		api.ScaleVertical:  {api.ScaleVerticalInput{Role: "a", CPU: 2}, []string{"get_nodes_order"}},
		api.UpgradeCluster: {api.UpgradeClusterInput{Version: "2"}, []string{"upgrade post_start_service=true"}},
	}
}

// turns makes a world with a cluster of four nodes that take turns.
func turns(t *testing.T, services []string) *world {
	w := newWorld(t)
	all := append([]string{"init", "start", "stop"}, services...)
	cluster := map[string]any{"upgrading_policy": "sequential", "upgrade_policy": []string{"1"}}
	role := with(nodes("a", 4, all...), "vertical_scaling_policy", "sequential")
	w.publishAs("app", "1", cluster, role)
	w.publishAs("app", "2", cluster, role)
	w.agents.On(lifecycle.ServiceNodesOrder, func(context.Context, fakes.Execution) agentapi.CommandStatus {
		return fakes.Exit(0, w.node("a", 3).ID+","+w.node("a", 1).ID)
	})
	require.NoError(t, w.start(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"}).err)
	return w
}

func TestLongHistoriesGoOnInAnotherRun(t *testing.T) {
	t.Parallel()
	for operation, tc := range inTurns() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			var seen [2]*run
			var ran [2][]string
			for i, events := range []int{0, 1 << 20} {
				w := turns(t, tc.services)
				before := len(w.commands())
				w.events = events
				seen[i] = w.start(operation, tc.input)
				require.NoError(t, seen[i].err)
				ran[i] = w.commands()[before:]
				require.Equal(t, i*4, w.renewed, "one run after every turn")
				require.Equal(t, lifecycle.Active, w.record().State)
			}
			require.Equal(t, ran[0], ran[1], "the same commands in the same order, none twice")
			require.Equal(t, told(seen[0].trace()), told(seen[1].trace()))
			require.Equal(t, seen[0].result.Revision, seen[1].result.Revision)
			require.ElementsMatch(t, states(seen[0].progress()), states(seen[1].progress()))
		})
	}
}

// states are the steps as people see them, without times.
func states(p api.Progress) []string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.ID+" "+s.Words+" "+s.State)
	}
	return out
}

func TestFailureInALaterRunIsTakenBackAsInTheFirst(t *testing.T) {
	t.Parallel()
	for operation, tc := range inTurns() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			var ran [2][]string
			var ended [2]*lifecycle.Record
			for i, events := range []int{0, 1 << 20} {
				w := turns(t, tc.services)
				before := len(w.commands())
				w.events = events
				starts := 0
				w.agents.On(lifecycle.ServiceStart, func(context.Context, fakes.Execution) agentapi.CommandStatus {
					if starts++; starts == 3 { // the third turn
						return fakes.Exit(7, "no")
					}
					return fakes.Exit(0, "")
				})
				r := w.start(operation, tc.input)
				require.Contains(t, r.fault().Message, "exit code 7")
				require.Equal(t, i*2, w.renewed)
				ran[i], ended[i] = w.commands()[before:], w.record()
				require.Empty(t, ended[i].VerticalScaling)
			}
			require.Equal(t, ran[0], ran[1])
			require.Equal(t, ended[0].State, ended[1].State)
			sizes := func(r *lifecycle.Record) []int {
				var out []int
				for _, n := range slices.SortedFunc(slices.Values(r.Nodes), func(x, y lifecycle.Node) int { return x.SID - y.SID }) {
					out = append(out, n.CPU)
				}
				return out
			}
			require.Equal(t, sizes(ended[0]), sizes(ended[1]))
		})
	}
}
