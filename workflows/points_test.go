package workflows_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/lifecycle"
	"drover/workflows/api"
)

// pointsOf are the steps a plan marks, and what may be skipped in it.
func pointsOf(p api.Plan) (noReturn, stays, skippable []string) {
	for _, s := range p.Steps {
		if s.NoReturn != "" {
			noReturn = append(noReturn, s.ID)
		}
		if s.Stays != "" {
			stays = append(stays, s.ID)
		}
		if s.Skippable {
			skippable = append(skippable, s.ID+" "+s.Words)
		}
	}
	return noReturn, stays, skippable
}

// The plan marks the declared points once, and the deed comes to them where the plan said.
func TestEveryPlanMarksItsPoints(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.ready(newWorld(t))
			dry := w.start1(s.operation, s.input(w, true))
			noReturn, stays, skippable := pointsOf(*dry.result.Plan)
			p := dry.progress()
			for _, c := range []struct {
				declared lifecycle.Point
				marked   []string
				shown    *api.Point
			}{
				{lifecycle.NoReturn(s.operation), noReturn, p.NoReturn},
				{lifecycle.Stays(s.operation), stays, p.Stays},
			} {
				if len(c.declared.Steps) == 0 {
					require.Empty(t, c.marked)
					require.Nil(t, c.shown)
					continue
				}
				require.Len(t, c.marked, 1)
				require.Contains(t, c.declared.Steps, lifecycle.StepID(c.marked[0]))
				require.Equal(t, &api.Point{Step: c.marked[0], Why: c.declared.Why}, c.shown, "a plan comes to no point")
			}

			real := w.start1(s.operation, s.input(w, false))
			n, st, sk := pointsOf(real.trace())
			require.Equal(t, [][]string{noReturn, stays, skippable}, [][]string{n, st, sk})
			for _, point := range []*api.Point{real.progress().NoReturn, real.progress().Stays} {
				require.True(t, point == nil || !point.PassedAt.IsZero())
			}
		})
	}
}

// A cancel works before the declared point of no return, whenever it comes; after it, it changes nothing and says so.
func TestEveryCancelIsAnswered(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			calls, _ := s.undisturbed(t)
			for k, name := range calls {
				t.Run(fmt.Sprintf("%s %d", name, k+1), func(t *testing.T) {
					t.Parallel()
					w := s.ready(newWorld(t))
					w.inject = &injection{k: k + 1, how: cancelled}
					r := w.start(s.operation, s.input(w, false))
					w.inject = nil
					point := r.progress().NoReturn
					passed := point != nil && !point.PassedAt.IsZero()
					switch {
					case passed:
						require.NoError(t, r.err)
						s.requireEnd(w)
						require.Contains(t, fmt.Sprint(r.result.Warnings), "a cancel came after the point of no return and has no effect: "+point.Why)
					case r.err == nil:
						require.Contains(t, []string{activities.EndOperation, activities.TidyBackup}, name,
							"only the last word takes no notice, and what is only tried once everything is done")
					default:
						require.True(t, temporal.IsCanceledError(r.err), r.err)
					}
				})
			}
		})
	}
}
