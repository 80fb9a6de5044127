package workflows_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/lifecycle"
	"drover/workflows/api"
)

// Whatever activity of whatever operation fails, before or after its effect, and whenever the operation is cancelled:
// what is left is sound, and a deletion leaves nothing.
func TestEveryActivityMayFail(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.ready(newWorld(t))
			w.inject = &injection{}
			w.start1(s.operation, s.input(w, false))
			w.sound()
			calls := w.inject.seen
			require.Greater(t, len(calls), 2)
			for k, name := range calls {
				for _, how := range []string{failsBefore, failsAfter, cancelled} {
					t.Run(fmt.Sprintf("%s %d %s", name, k+1, how), func(t *testing.T) {
						t.Parallel()
						s.goesWrong(t, name, k+1, how)
					})
				}
				t.Run(fmt.Sprintf("%s %d %s", name, k+1, died), func(t *testing.T) {
					t.Parallel()
					s.dies(t, k+1)
				})
			}
		})
	}
}

func (s scenario) goesWrong(t *testing.T, activity string, k int, how string) {
	w := s.ready(newWorld(t))
	var before lifecycle.State
	if rec := w.record(); rec != nil {
		before = rec.State
	}
	input, was, known := s.input(w, false), w.condition(), w.record()
	w.inject = &injection{k: k, how: how}
	r := w.start(s.operation, input)
	w.inject = nil
	defer func() {
		if t.Failed() {
			t.Logf("error: %v", r.err)
			for _, c := range w.commands() {
				t.Log(c)
			}
			for _, step := range append(r.progress().Steps, r.progress().Undo...) {
				t.Log(step.ID, step.Words, step.State, step.Note)
			}
		}
	}()
	switch {
	case r.err == nil && how == cancelled: // it came too late
		s.requireEnd(w)
	case r.err == nil:
		s.requireEnd(w)
		require.NotEmpty(t, r.result.Warnings, "a failure is told")
	case activity == activities.EndOperation && how != cancelled: // without a last word the next operation finds out
	default:
		w.sound()
		s.requireUndone(t, r, was, w.condition())
		if k == 1 { // it had not begun
			requireUnbegun(t, known, w.record())
		}
		if rec := w.record(); rec != nil {
			require.True(t, rec.State == before || slices.Contains(s.states, rec.State), "the cluster is %s", rec.State)
		}
	}

	w.soundBackups()
	if w.record() == nil {
		w.nothingLeft()
		return
	}
	w.deleteAll()
	w.ranOnce()
}

// requireUnbegun: what the beginning of an operation wrote is gone from the record, but for who wrote it and why.
func requireUnbegun(t *testing.T, before, after *lifecycle.Record) {
	t.Helper()
	if before == nil {
		require.Nil(t, after)
		return
	}
	was, is := *before, *after
	for _, rec := range []*lifecycle.Record{&was, &is} {
		rec.Operation, rec.Reason = lifecycle.Operation{}, ""
	}
	require.Equal(t, was, is)
}

// dies: an operation is terminated, so nothing is undone. The next operation that may start finds out, and
// makes the cluster whole; or a deletion leaves nothing.
func (s scenario) dies(t *testing.T, k int) {
	for _, deleted := range []bool{false, true} {
		w := s.ready(newWorld(t))
		input := s.input(w, false)
		w.inject = &injection{k: k, how: died}
		w.start(s.operation, input)
		w.inject = nil
		w.soundBackups()
		rec := w.record()
		if rec == nil {
			continue // it died before it began, or at its very end
		}
		state := rec.State
		if rec.Operation.State == api.OpRunning {
			state = lifecycle.AfterDeath(rec)
		}
		if !deleted {
			switch state {
			case lifecycle.Active:
				w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.quota": 9}, Waits: wait(false)})
			case lifecycle.Stopped:
				w.start1(api.StartCluster, api.StartClusterInput{Waits: wait(false)})
			case lifecycle.Deleted:
				w.start1(api.RecoverCluster, api.RecoverClusterInput{Waits: wait(false)})
			case lifecycle.UpgradeFailed:
				w.start1(api.DowngradeCluster, api.DowngradeClusterInput{Waits: wait(false)})
			default:
				require.Contains(t, []lifecycle.State{lifecycle.Creating, lifecycle.Failed, lifecycle.Deleting}, state)
				continue
			}
			require.Equal(t, lifecycle.Active, w.record().State)
			w.sound()
		}
		w.deleteAll()
		w.ranOnce()
	}
}

// requireEnd: a cancel that came too late changes nothing.
func (s scenario) requireEnd(w *world) {
	rec := w.record()
	switch {
	case s.name == "delete and keep":
		require.Equal(w.t, lifecycle.Deleted, rec.State)
	case s.operation == api.DeleteCluster, s.operation == api.VerifyBackup, s.operation == api.CeaseCluster:
		require.Nil(w.t, rec)
	case s.operation == api.StopCluster:
		require.Equal(w.t, lifecycle.Stopped, rec.State)
	default:
		require.Equal(w.t, lifecycle.Active, rec.State)
		require.Equal(w.t, api.OpSucceeded, rec.Operation.State)
	}
}

// A dry run reports what is then done, and touches nothing.
func TestEveryDryRunEqualsTheTrace(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.ready(newWorld(t))
			mark := w.store.Operation(clusterID)
			record, ran, calls := w.record(), len(w.commands()), len(w.provider.Calls())
			history := w.store.History(clusterID)
			dry := w.start1(s.operation, s.input(w, true))
			require.Equal(t, record, w.record())
			require.Len(t, w.commands(), ran)
			for _, c := range w.provider.Calls()[calls:] {
				require.Equal(t, "List", c.Method)
			}
			require.Equal(t, history, w.store.History(clusterID))
			require.Equal(t, mark, w.store.Operation(clusterID))

			real := w.start1(s.operation, s.input(w, false))
			require.NotEmpty(t, real.trace().Steps)
			require.Equal(t, told(real.trace()), told(*dry.result.Plan))
			for _, step := range real.progress().Steps {
				require.Contains(t, []string{api.StepDone, api.StepSkipped}, step.State, step.Words)
			}
		})
	}
}
