package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"drover/activities"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// outsideOfSteps are the activities that open and close an operation: their failure holds nothing.
var outsideOfSteps = []string{activities.PrepareCreate, activities.PrepareRestore, activities.BeginOperation, activities.EndOperation, activities.Abandon}

// Whatever activity of whatever step of whatever operation fails, before or after its effect: on_failure hold keeps the
// operation open, and a retry, days later, ends it as if nothing had happened.
func TestEveryActivityMayBeRetried(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			calls, ran := s.undisturbed(t)
			for k, name := range calls {
				if slices.Contains(outsideOfSteps, name) {
					continue
				}
				for _, how := range []string{failsBefore, failsAfter} {
					t.Run(fmt.Sprintf("%s %d %s", name, k+1, how), func(t *testing.T) {
						t.Parallel()
						w := s.ready(newWorld(t))
						before := len(w.commands())
						w.inject = &injection{k: k + 1, how: how}
						w.operator = func(d desk) { d.resolve(api.Resolution{Action: api.ResolveRetry}) }
						r := w.start(s.operation, holding(t, s.input(w, false)))
						w.inject = nil
						require.NoError(t, r.err)
						s.requireEnd(w)
						w.sound()
						if len(w.answers.seen) == 0 { // what was forced past, or only waited for
							require.Contains(t, fmt.Sprint(r.result.Warnings), "injected")
							return
						}
						require.ElementsMatch(t, ran, w.commands()[before:], "no command ran more or less often")
						require.Len(t, w.answers.resolved, 1)
						require.Empty(t, w.answers.refused)
					})
				}
			}
		})
	}
}

// undisturbed lists which activities and commands an operation needs.
func (s scenario) undisturbed(t *testing.T) (calls, commands []string) {
	t.Helper()
	w := s.ready(newWorld(t))
	before := len(w.commands())
	w.inject = &injection{}
	w.start1(s.operation, s.input(w, false))
	return w.inject.seen, w.commands()[before:]
}

// mishap makes one command of an operation end badly, the first time it runs.
type mishap struct {
	command string // as Execution.Describe says
	status  agentapi.CommandStatus
	mu      sync.Mutex
	done    bool
}

func (m *mishap) happen(_ context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done || e.Describe() != m.command {
		return agentapi.CommandStatus{}, false
	}
	m.done = true
	return m.status, true
}

// What an operator may do about a command that failed, or whose outcome is unknown.
var remedies = []string{api.ResolveRetry, api.ResolveSkip, api.ResolveAbort, "cancel"}

// Whatever command of whatever operation fails, and whatever the operator decides: what is left is sound, commands that
// succeeded ran once, and those that did not ran again only where it was decided. An unknown outcome holds without
// on_failure too.
func TestEveryCommandMayBeResolved(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			_, commands := s.undisturbed(t)
			for _, command := range oneOfEachStage(commands) {
				for _, remedy := range remedies {
					for outcome, status := range map[string]agentapi.CommandStatus{
						"failed":  fakes.Exit(7, "no space left"),
						"unknown": {State: agentapi.StateUnknown},
					} {
						t.Run(strings.Join([]string{command, outcome, remedy}, " "), func(t *testing.T) {
							t.Parallel()
							s.resolved(t, &mishap{command: command, status: status}, remedy)
						})
					}
				}
			}
		})
	}
}

// oneOfEachStage keeps the first command of every step and service: the others of its group are its witnesses.
func oneOfEachStage(commands []string) []string {
	var kept []string
	seen := map[string]bool{}
	for _, c := range commands {
		stage := c[:strings.LastIndex(c, " ")]
		if !seen[stage] {
			kept = append(kept, c)
		}
		seen[stage] = true
	}
	return kept
}

func (s scenario) resolved(t *testing.T, m *mishap, remedy string) {
	w := s.ready(newWorld(t))
	var was lifecycle.State
	if rec := w.record(); rec != nil {
		was = rec.State
	}
	before := len(w.agents.Ran())
	unknown := m.status.State == agentapi.StateUnknown
	input := s.input(w, false)
	if !unknown {
		input = any(holding(t, input))
	}
	w.agents.Handlers = append([]fakes.Handler{m.happen}, w.agents.Handlers...)
	w.operator = func(d desk) {
		require.Equal(t, api.OpHeld, d.State)
		switch {
		case d.visit > 1: // the first word was refused, or came too late
			d.resolve(api.Resolution{Action: api.ResolveAbort})
		case remedy == "cancel":
			d.env.CancelWorkflow()
		default:
			d.resolve(api.Resolution{Action: remedy, Reason: "did it by hand", By: "alice"})
		}
	}
	r := w.start(s.operation, input)
	if len(w.answers.seen) == 0 { // forced past
		require.NoError(t, r.err)
		require.NotEmpty(t, r.result.Warnings)
		return
	}
	held := w.answers.seen[0]
	require.Equal(t, unknown, held.Unknown)
	require.Equal(t, 1, held.Failed)
	require.Contains(t, m.command, held.Step+" "+held.Service)
	require.NotEmpty(t, held.Error)
	skip := held.Choices[slices.IndexFunc(held.Choices, func(c api.Choice) bool { return c.Action == api.ResolveSkip })]
	w.ranOnce()
	times := map[string]int{}
	for _, e := range w.agents.Ran()[before:] {
		times[e.Describe()]++
	}
	switch {
	case remedy == api.ResolveRetry:
		require.NoError(t, r.err)
		s.requireEnd(w)
		w.sound()
		for command, n := range times {
			want := 1
			if command == m.command {
				want = 2
			}
			require.Equal(t, want, n, command)
		}
	case remedy == api.ResolveSkip && skip.Refused == "":
		require.NoError(t, r.err)
		s.requireEnd(w)
		require.Equal(t, 1, times[m.command])
		require.Len(t, r.result.Skipped, 1)
		require.Contains(t, r.result.Skipped[0], "by alice at 2026-01-")
		require.Contains(t, r.result.Skipped[0], "did it by hand")
		require.Contains(t, fmt.Sprint(r.result.Warnings), "did it by hand")
		if rec := w.record(); rec != nil {
			require.Equal(t, r.result.Skipped, rec.Operation.Skipped)
		}
	case remedy == api.ResolveSkip:
		require.Len(t, w.answers.refused, 1)
		require.ErrorContains(t, w.answers.refused[0], skip.Refused)
		fallthrough
	default:
		require.Error(t, r.err)
		require.Equal(t, remedy == "cancel", temporal.IsCanceledError(r.err), r.err)
		w.sound()
		if rec := w.record(); rec != nil {
			require.True(t, rec.State == was || slices.Contains(s.states, rec.State), "the cluster is %s", rec.State)
		}
	}
}

// An abort fails as a failure without a hold does, with the same hint.
func TestAbortedGuardNamesForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("guarded", nodes("a", 1, "stop", "destroy"))
	w.create("guarded")
	w.refuse("destroy", "a")
	w.operator = func(d desk) {
		if d.Held != nil {
			d.resolve(api.Resolution{Action: api.ResolveAbort})
		}
	}
	r := w.start(api.DeleteCluster, api.DeleteClusterInput{Holds: api.Holds{OnFailure: api.OnFailureHold}})
	require.Contains(t, r.fault().Hint, "--force")
	require.Equal(t, lifecycle.Active, w.record().State)
}
