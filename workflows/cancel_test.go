package workflows_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/activities/agents"
	"drover/workflows/api"
)

// A worker that dies about when a cancel comes takes it with it: the server tries nothing again that is cancelled. The
// operation ends as cancelled all the same, and what it ran on nodes is ended by another activity, once, before anything
// is undone.
func TestACancelOutlivesTheWorker(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			calls, _ := s.undisturbed(t)
			for k, name := range calls {
				t.Run(fmt.Sprintf("%s %d", name, k+1), func(t *testing.T) {
					t.Parallel()
					w := s.ready(newWorld(t))
					w.inject = &injection{k: k + 1, how: cancelled, says: timedOut()}
					r := w.start(s.operation, s.input(w, false))
					seen := w.inject.seen
					w.inject = nil
					if point := r.progress().NoReturn; point != nil && !point.PassedAt.IsZero() || r.err == nil {
						require.NoError(t, r.err)
						require.NotContains(t, seen, activities.EndCommands)
						return // it came too late
					}
					require.True(t, temporal.IsCanceledError(r.err), r.err)
					if name != activities.RunStage && name != activities.AskNodes {
						require.NotContains(t, seen, activities.EndCommands)
						return
					}
					require.Equal(t, k+1, slices.Index(seen, activities.EndCommands), "before everything else")
				})
			}
		})
	}
}

// An activity that says that it has ended its commands is not followed by another one.
func TestACancelledStageEndsItsOwnCommands(t *testing.T) {
	t.Parallel()
	for says, itself := range map[error]bool{
		temporal.NewCanceledError(agents.CommandsEnded): true,
		temporal.NewCanceledError():                     false, // the server alone cancels what no worker has
	} {
		w := newWorld(t)
		createStore(w)
		w.inject = &injection{k: 2, how: cancelled, says: says}
		r := w.start(api.RunService, api.RunServiceInput{Service: "tidy"})
		require.True(t, temporal.IsCanceledError(r.err), r.err)
		require.Equal(t, activities.RunStage, w.inject.seen[1])
		require.Equal(t, !itself, slices.Contains(w.inject.seen, activities.EndCommands))
	}
}
