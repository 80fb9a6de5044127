package cli

import (
	"fmt"
	"time"

	"drover/client"
	"drover/starter/output"
	"drover/starter/screen"
)

// waits shows the pending work of an operation: step, nodes and their commands, retries, the next step.
func (a *app) waits(clusterID string, w *client.Waiting) output.Lines {
	if w == nil {
		return nil
	}
	const format = "%-10s %s"
	lines := output.Lines{""}
	say := func(name, text string, args ...any) {
		lines = append(lines, fmt.Sprintf(format, name, output.CleanLine(fmt.Sprintf(text, args...))))
	}
	if w.Step != "" {
		where := w.Step + " " + w.Words
		if w.Undo {
			where = "undo " + where
		}
		say("step", "%s, %s since %s (%s)", where, w.State, moment(w.Since), screen.Elapsed(a.Now().Sub(w.Since)))
	}
	if w.Total > 0 && w.Held == nil {
		say("nodes", "%d of %d done", w.Done, w.Total)
	}
	commands := false
	for _, n := range w.Nodes {
		commands = commands || n.Command != "" && w.Held == nil
		say("waits for", "%s since %s (%s)", n.Node, moment(n.Since), screen.Elapsed(a.Now().Sub(n.Since)))
		if n.Command != "" {
			say("", "  command %s", n.Command)
		}
		if n.LastLine != "" {
			say("", "  output: %s", n.LastLine)
		}
	}
	if !w.Deadline.IsZero() {
		say("time limit", "%s (%s)", moment(w.Deadline), screen.Limit(w.Deadline, a.Now()))
	}
	for _, r := range w.Retries {
		when := "runs"
		if !r.NextAttemptAt.IsZero() {
			when = "begins at " + moment(r.NextAttemptAt)
		}
		say("retries", "%s, attempt %d %s; previous failure: %s", r.Activity, r.Attempt, when, r.LastFailure)
	}
	if commands {
		say("a kill", "ends the running commands, and holds the step: drover resolve %s --kill", clusterID)
	}
	say("next", "%s", w.Next)
	say("a cancel", "%s", w.Cancel)
	return lines
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
