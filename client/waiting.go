package client

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drover/workflows/api"
)

// Waiting says what a running operation waits for: its step, the nodes that are not done and their commands, what is
// retried, and the next step.
type Waiting struct {
	Step  string `json:"step"`
	Words string `json:"words"`
	// State is that of the step: running or held. Undo: it is one of the undo.
	State string    `json:"state"`
	Undo  bool      `json:"undo,omitempty"`
	Since time.Time `json:"since"`
	// Deadline is when the step gives up by itself; zero when it has none of its own.
	Deadline time.Time `json:"deadline,omitzero"`
	// Done and Total count nodes; Nodes are some that are not done, longest first.
	Done  int            `json:"done,omitempty"`
	Total int            `json:"total,omitempty"`
	Nodes []api.BeatNode `json:"nodes,omitempty"`
	// Retries are failed activities that are retried.
	Retries []Retry   `json:"retries,omitempty"`
	Held    *api.Held `json:"held,omitempty"`
	// Next is what happens then; Cancel what a cancel would do now.
	Next   string `json:"next"`
	Cancel string `json:"cancel"`
}

// Retry is an activity whose last attempt failed.
type Retry struct {
	Activity    string `json:"activity"`
	Attempt     int    `json:"attempt"` // the one that runs, or comes next
	LastFailure string `json:"last_failure"`
	// NextAttemptAt is zero while the attempt runs.
	NextAttemptAt time.Time `json:"next_attempt_at,omitzero"`
}

// wait returns the pending work of the operation; nil when it has ended, or its progress is unknown.
func (o *Operation) wait() *Waiting {
	if !o.Running() || o.Progress == nil {
		return nil
	}
	p := o.Progress
	w := &Waiting{Held: p.Held, Cancel: o.cancels()}
	for undo, steps := range [][]api.Step{p.Steps, p.Undo} { // the undo has the last word
		for i, s := range steps {
			if s.State != api.StepRunning && s.State != api.StepHeld {
				continue
			}
			*w = Waiting{
				Step: s.ID, Words: s.Words, State: s.State, Undo: undo > 0, Since: s.StartedAt, Deadline: s.Deadline, Total: s.Nodes,
				Held: p.Held, Cancel: w.Cancel, Next: next(steps[i+1:], undo > 0),
			}
			for _, id := range s.ActivityIDs {
				w.add(o.Activities[id])
			}
		}
	}
	switch {
	case w.Step == "":
		w.State, w.Since, w.Next = p.State, p.StartedAt, next(p.Steps, p.State == StateUndoing)
	case w.Held != nil:
		w.Since, w.Next = w.Held.Since, "a decision: drover resolve "+o.ClusterID+" --retry, --skip or --abort"
	case len(w.Retries) > 0 && !w.Retries[0].NextAttemptAt.IsZero():
		w.Next = fmt.Sprintf("attempt %d at %s", w.Retries[0].Attempt, clock(w.Retries[0].NextAttemptAt))
	}
	return w
}

// add counts in what an activity of the step told.
func (w *Waiting) add(a Activity) {
	w.Done += a.Beat.Done
	w.Nodes = append(w.Nodes, a.Beat.Waiting...)
	slices.SortStableFunc(w.Nodes, func(x, y api.BeatNode) int { return x.Since.Compare(y.Since) })
	if a.LastFailure != "" {
		w.Retries = append(w.Retries, Retry{Activity: a.Name, Attempt: a.Attempt, LastFailure: a.LastFailure, NextAttemptAt: a.NextAttemptAt})
	}
}

// next names the step after those that ran.
func next(steps []api.Step, undo bool) string {
	for _, s := range steps {
		if s.State == api.StepPending {
			return s.ID + " " + s.Words
		}
	}
	if undo {
		return "the rest of the undo, then the operation ends"
	}
	return "the operation ends"
}

// cancels says what a cancel would do now.
func (o *Operation) cancels() string {
	p := o.Progress
	switch {
	case p.State == StateUndoing:
		return "has no effect: the operation is already being undone"
	case p.NoReturn != nil && !p.NoReturn.PassedAt.IsZero():
		return fmt.Sprintf("is refused since %s, step %s: %s", clock(p.NoReturn.PassedAt), p.NoReturn.Step, p.NoReturn.Why)
	}
	text := "stops the running commands"
	if len(p.Undoes) > 0 {
		text += ", then: " + strings.Join(p.Undoes, "; ")
	}
	if p.Stays != nil && !p.Stays.PassedAt.IsZero() {
		text += ". Completed work is kept: " + p.Stays.Why
	}
	if p.NoReturn != nil {
		text += ". Possible until step " + p.NoReturn.Step
	}
	return text
}
