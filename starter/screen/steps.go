package screen

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// steps draws one line per step and more below a running or failed one.
func (f Frame) steps(steps []api.Step, c collapse) []string {
	idWidth := 0
	for _, s := range steps {
		idWidth = max(idWidth, text.StringWidth(s.ID))
	}
	first, last := 0, len(steps)
	if c&finished != 0 {
		for first < last && over(steps[first].State) {
			first++
		}
	}
	if c&pending != 0 {
		for last > first && steps[last-1].State == api.StepPending {
			last--
		}
	}
	var lines []string
	if first > 0 {
		lines = append(lines, "  "+mark(api.StepDone, f.Color)+f.rest(fmt.Sprintf(" %d earlier steps", first)))
	}
	for _, s := range steps[first:last] {
		lines = append(lines, f.step(s, idWidth))
		lines = append(lines, f.below(s)...)
	}
	if hidden := len(steps) - last; hidden > 0 {
		lines = append(lines, "  "+mark(api.StepPending, f.Color)+f.rest(fmt.Sprintf(" %d more steps", hidden)))
	}
	return lines
}

func (f Frame) rest(s string) string { return cut(s, f.Width-3) }

func over(state string) bool {
	return state == api.StepDone || state == api.StepSkipped || state == api.StepUndone
}

// step is mark, id and words on the left; nodes and elapsed time on the right.
func (f Frame) step(s api.Step, idWidth int) string {
	right := between(s.StartedAt, s.EndedAt, f.Now)
	if s.State == api.StepPending || s.State == api.StepSkipped {
		right = ""
	}
	if nodes := f.nodes(s); nodes != "" {
		right = strings.TrimRight(fmt.Sprintf("%s  %7s", nodes, right), " ")
	}
	if f.Width-3-text.StringWidth(right)-2 < minWidth/2 {
		right = "" // a very narrow terminal: the words matter more
	}
	left := fmt.Sprintf(" %-*s  %s", idWidth, s.ID, output.CleanLine(s.Words))
	if s.State == api.StepSkipped && s.Note != "" {
		left += " (" + output.CleanLine(s.Note) + ")"
	}
	room := f.Width - 3
	if right != "" {
		room -= text.StringWidth(right) + 2
	}
	left = cut(left, room)
	line := "  " + mark(s.State, f.Color) + left
	if right == "" {
		return line
	}
	return line + strings.Repeat(" ", max(room-text.StringWidth(left), 0)+2) + right
}

// nodes is "1/3" while running, "3 nodes" otherwise.
func (f Frame) nodes(s api.Step) string {
	if s.State == api.StepRunning {
		done, total := 0, 0
		for _, a := range f.activities(s) {
			done += a.Beat.Done
			total += a.Beat.Total
		}
		if total = max(total, s.Nodes); total > 0 {
			return fmt.Sprintf("%d/%d", done, total)
		}
		return ""
	}
	if s.Nodes == 0 {
		return ""
	}
	return nodeCount(s.Nodes)
}

func nodeCount(n int) string {
	if n == 1 {
		return "1 node"
	}
	return fmt.Sprintf("%d nodes", n)
}

// below shows the nodes a running step waits for and the failure of a failed one.
func (f Frame) below(s api.Step) []string {
	const margin = "      "
	var lines []string
	if (s.State == api.StepFailed || s.State == api.StepHeld) && s.Note != "" {
		lines = append(lines, f.fit(margin+output.Joined(s.Note)))
	}
	if s.State != api.StepRunning {
		return lines
	}
	if !s.Deadline.IsZero() {
		lines = append(lines, f.fit(margin+Limit(s.Deadline, f.Now)))
	}
	for _, a := range f.activities(s) {
		if a.Attempt > 1 && a.LastFailure != "" {
			lines = append(lines, f.fit(fmt.Sprintf("%sattempt %d, previous failure: %s", margin, a.Attempt, output.CleanLine(a.LastFailure))))
		}
		for _, n := range a.Beat.Waiting {
			line := strings.Join([]string{output.CleanLine(n.Node), between(n.Since, time.Time{}, f.Now), output.CleanLine(n.LastLine)}, "  ")
			lines = append(lines, f.fit(margin+strings.TrimRight(line, " ")))
		}
	}
	return lines
}

// activities are those of the step, ordered by id.
func (f Frame) activities(s api.Step) []client.Activity {
	ids := append([]string(nil), s.ActivityIDs...)
	sort.Strings(ids)
	var out []client.Activity
	for _, id := range ids {
		if a, ok := f.Sight.Operation.Activities[id]; ok {
			out = append(out, a)
		}
	}
	return out
}
