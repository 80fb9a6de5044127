package screen

import (
	"fmt"
	"io"
	"time"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// Log shows an operation as one line per change of state, for pipes and files.
type Log struct {
	Out io.Writer
	// Now is the clock by which long waits are told again and again; nil: they are not.
	Now func() time.Time

	begun    bool
	seen     api.Progress
	note     string
	attempts map[string]int
	step     string    // that is waited for
	told     time.Time // when something was last said of it
}

// tellEvery is the interval at which a log reports a waiting step.
const tellEvery = 15 * time.Second

// Show writes what changed since the sight before.
func (l *Log) Show(s client.Sight) {
	if !l.begun && s.Operation.Type != "" {
		l.line(s.Operation.Type + " " + s.Operation.ClusterID + " since " + s.Operation.StartedAt.UTC().Format(time.RFC3339))
		l.begun = true
	}
	if s.Note != l.note {
		if s.Note == "" {
			l.line("a worker responds again")
		} else {
			l.line("! " + s.Note)
		}
		l.note = s.Note
	}
	if p := s.Operation.Progress; p != nil {
		for _, line := range Changes(l.seen, *p) {
			l.line(line)
		}
		l.seen = *p
	}
	l.retries(s.Operation)
	l.waits(s.Operation.Waiting)
}

// waits reports the nodes a long step waits for. A held step has been reported in full.
func (l *Log) waits(w *client.Waiting) {
	if w == nil || w.Held != nil || l.Now == nil {
		return
	}
	now, step := l.Now(), w.Step+w.Words+w.Since.String()
	switch {
	case step != l.step:
		l.step, l.told = step, now
		return
	case now.Sub(l.told) < tellEvery:
		return
	}
	l.told = now
	for _, n := range w.Nodes {
		line := fmt.Sprintf("%8s  %s waits for %s since %s", "", w.Step, output.CleanLine(n.Node), Elapsed(now.Sub(n.Since)))
		if said := output.CleanLine(n.LastLine); said != "" {
			line += ": " + said
		}
		l.line(line)
	}
}

// Close has nothing to give back.
func (l *Log) Close() {}

// retries reports each failed attempt of an activity once.
func (l *Log) retries(op client.Operation) {
	if l.attempts == nil {
		l.attempts = map[string]int{}
	}
	if op.Progress == nil {
		return
	}
	for _, step := range op.Progress.Steps {
		for _, id := range step.ActivityIDs {
			a, ok := op.Activities[id]
			if !ok || a.Attempt <= 1 || a.LastFailure == "" || l.attempts[id] == a.Attempt {
				continue
			}
			l.attempts[id] = a.Attempt
			l.line(fmt.Sprintf("%8s  %s attempt %d, previous failure: %s", "", step.ID, a.Attempt, output.CleanLine(a.LastFailure)))
		}
	}
}

func (l *Log) line(s string) { fmt.Fprintln(l.Out, s) }

// Changes words every step that changed its state and every warning that is new, in the order of the procedure. The
// first column is the time since the operation began.
func Changes(before, after api.Progress) []string {
	var lines []string
	at := func(t time.Time) string {
		if t.IsZero() || after.StartedAt.IsZero() {
			return fmt.Sprintf("%8s", "")
		}
		return fmt.Sprintf("%8s", Elapsed(t.Sub(after.StartedAt)))
	}
	held := after.Held
	steps := func(before, after []api.Step, prefix string) {
		for i, s := range after {
			if s.State == api.StepPending || (i < len(before) && before[i].ID == s.ID && before[i].State == s.State) {
				continue
			}
			moment := s.EndedAt
			switch {
			case s.State == api.StepUndone:
				moment = time.Time{} // the undo step below has the time
			case s.State == api.StepHeld && held != nil:
				moment = held.Since
			case s.State == api.StepRunning, moment.IsZero():
				moment = s.StartedAt
			}
			lines = append(lines, at(moment)+"  "+prefix+s.ID+" "+output.CleanLine(s.Words)+": "+happened(s))
		}
	}
	steps(before.Steps, after.Steps, "")
	if len(before.Undo) == 0 && len(after.Undo) > 0 {
		lines = append(lines, fmt.Sprintf("%8s  undoing", ""))
	}
	steps(before.Undo, after.Undo, "undo ")
	if held != nil && (before.Held == nil || !before.Held.Since.Equal(held.Since)) {
		for _, line := range Held(held) {
			lines = append(lines, fmt.Sprintf("%8s  %s", "", line))
		}
	}
	for _, w := range after.Warnings[min(len(before.Warnings), len(after.Warnings)):] {
		lines = append(lines, fmt.Sprintf("%8s  ! %s", "", warning(w)))
	}
	return lines
}

func happened(s api.Step) string {
	var out string
	switch s.State {
	case api.StepRunning:
		out = "started"
		if s.Nodes > 0 {
			out += " on " + nodeCount(s.Nodes)
		}
		return out
	case api.StepSkipped, api.StepUndone: // its own times are unrelated to this change
		out = s.State
	default:
		out = s.State
		if !s.StartedAt.IsZero() && !s.EndedAt.IsZero() {
			out += " after " + Elapsed(s.EndedAt.Sub(s.StartedAt))
		}
	}
	if s.Note != "" {
		out += ": " + output.Joined(s.Note)
	}
	return out
}
