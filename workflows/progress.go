package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"drover/lifecycle"
	"drover/workflows/api"
)

// progress is what people see of an operation: the progress query and the workflow's current details.
type progress struct {
	api.Progress
	ctx     workflow.Context
	running *[]api.Step // the list whose current step runs
	current int
	at      int  // the step that was begun or skipped last, of Steps
	logged  bool // the log has its beginning: it is not a dry run
}

func newProgress(ctx workflow.Context, clusterID, operation string) *progress {
	return &progress{ctx: ctx, Progress: api.Progress{
		ClusterID: clusterID, Operation: operation, State: api.OpRunning, StartedAt: workflow.Now(ctx).UTC(), Steps: []api.Step{},
		NoReturn: pointOf(lifecycle.NoReturn(operation)), Stays: pointOf(lifecycle.Stays(operation)),
	}}
}

func pointOf(p lifecycle.Point) *api.Point {
	if len(p.Steps) == 0 {
		return nil
	}
	return &api.Point{Step: string(p.Steps[0]), Why: p.Why}
}

// expect shows the steps of the plan as pending, and where its points are.
func (p *progress) expect(plan []api.PlanStep) {
	p.Steps = p.Steps[:0]
	p.replan(plan, 0)
}

// replan replaces what is shown behind the steps that were walked.
func (p *progress) replan(plan []api.PlanStep, walked int) {
	p.Steps = p.Steps[:min(walked, len(p.Steps))]
	for _, s := range plan[min(walked, len(plan)):] {
		p.Steps = append(p.Steps, api.Step{ID: s.ID, Words: s.Words, State: api.StepPending, Nodes: nodesOf(s)})
	}
	p.points(plan)
	p.show()
}

// points shows where the points of the plan are.
func (p *progress) points(plan []api.PlanStep) {
	for _, s := range plan {
		if s.NoReturn != "" {
			p.NoReturn.Step = s.ID
		}
		if s.Stays != "" {
			p.Stays.Step = s.ID
		}
	}
}

// reach notes when the operation comes to a point.
func (p *progress) reach(s api.PlanStep) {
	if s.NoReturn != "" {
		p.NoReturn.PassedAt = workflow.Now(p.ctx).UTC()
	}
	if s.Stays != "" {
		p.Stays.PassedAt = workflow.Now(p.ctx).UTC()
	}
}

func nodesOf(s api.PlanStep) int {
	n := 0
	for _, c := range s.Commands {
		n += c.Nodes
	}
	return n
}

// begin marks a step as running and says where it stands in the list; a step the plan did not foresee is added.
func (p *progress) begin(list *[]api.Step, id, words string, nodes int, limit time.Duration) int {
	i := p.place(list, id, words)
	now := workflow.Now(p.ctx).UTC()
	step := &(*list)[i]
	step.State, step.StartedAt, step.Nodes = api.StepRunning, now, nodes
	if limit > 0 {
		step.Deadline = now.Add(limit)
	}
	p.running, p.current = list, i
	if list == &p.Steps {
		p.at = i
	}
	p.show()
	return i
}

// place finds the first pending step of that name.
func (p *progress) place(list *[]api.Step, id, words string) int {
	for i, s := range *list {
		if s.State == api.StepPending && s.ID == id && s.Words == words {
			return i
		}
	}
	*list = append(*list, api.Step{ID: id, Words: words})
	return len(*list) - 1
}

// watch adds a running activity to the running step: its heartbeats report single nodes.
func (p *progress) watch(activityID string) {
	if p.running != nil {
		step := &(*p.running)[p.current]
		step.ActivityIDs = append(step.ActivityIDs, activityID)
	}
}

// finish marks a step as done (or as the given good state) or failed.
func (p *progress) finish(list *[]api.Step, i int, good string, err error) {
	step := &(*list)[i]
	step.State, step.EndedAt, step.ActivityIDs = good, workflow.Now(p.ctx).UTC(), nil
	if err != nil {
		step.State, step.Note = api.StepFailed, summary(err)
	}
	p.running = nil
	p.logStep(step, err)
	p.show()
}

func (p *progress) skip(id, words, why string) {
	p.at = p.place(&p.Steps, id, words)
	step := &p.Steps[p.at]
	step.State, step.Note = api.StepSkipped, why
	p.show()
}

func (p *progress) warn(w api.Warning) {
	p.Warnings = append(p.Warnings, w)
	p.show()
}

func (p *progress) undoing(cause error) {
	p.State, p.Error = api.OpUndoing, summary(cause)
	p.show()
}

func (p *progress) end(state string, err error) {
	p.State, p.EndedAt = state, workflow.Now(p.ctx).UTC()
	if err != nil {
		p.Error = whole(err)
	}
	p.show()
}

// whole is a failure with output and hint on further lines.
func whole(err error) string {
	text, f := summary(err), faultOf(err)
	if f.Output != "" {
		text += "\n" + f.Output
	}
	if f.Hint != "" {
		text += "\n" + f.Hint
	}
	return text
}

// hold marks the running step as waiting for an operator, and returns the state the operation had.
func (p *progress) hold(list *[]api.Step, i int, h *api.Held) (before string) {
	step := &(*list)[i]
	step.State, step.Deadline, step.ActivityIDs = api.StepHeld, time.Time{}, nil
	step.Note, _, _ = strings.Cut(h.Error, "\n")
	before = p.State
	p.running, p.State, p.Held = nil, api.OpHeld, h
	p.logHold(h)
	p.show()
	return before
}

// release ends a hold; what becomes of the step comes next.
func (p *progress) release(before string) {
	p.State, p.Held = before, nil
	p.show()
}

// again marks a step as running once more.
func (p *progress) again(list *[]api.Step, i int, limit time.Duration) {
	step := &(*list)[i]
	step.State, step.Note, step.StartedAt = api.StepRunning, "", workflow.Now(p.ctx).UTC()
	step.Tries = max(step.Tries, 1) + 1
	if limit > 0 {
		step.Deadline = step.StartedAt.Add(limit)
	}
	p.running, p.current = list, i
	p.show()
}

// passOver marks a step that failed as skipped.
func (p *progress) passOver(list *[]api.Step, i int, note string) {
	step := &(*list)[i]
	step.State, step.Note, step.EndedAt = api.StepSkipped, note, workflow.Now(p.ctx).UTC()
	p.logStep(step, nil)
	p.show()
}

// passed shows a step that an earlier run took, or that an operator skipped there.
func (p *progress) passed(s api.PlanStep, skipped string) {
	p.at = p.place(&p.Steps, s.ID, s.Words)
	step := &p.Steps[p.at]
	step.State = api.StepDone
	if skipped != "" {
		step.State, step.Note = api.StepSkipped, skipped
	}
}

// now says in one sentence what the operation does.
func (p *progress) now() string {
	for _, steps := range [][]api.Step{p.Undo, p.Steps} {
		for _, s := range steps {
			if s.State == api.StepRunning {
				return fmt.Sprintf("it is %s, at step %s %s since %s", p.State, s.ID, s.Words, s.StartedAt.Format(time.RFC3339))
			}
		}
	}
	return "it is " + p.State
}

// checklistLength is how many steps the checklist has at most. It is written at every step, and again for all of them
// whenever a worker takes an operation over: with the thousands of steps of nodes that take turns, that would take longer
// than the server waits. The progress query has them all.
const checklistLength = 40

// show writes the checklist of the Temporal UI.
func (p *progress) show() { workflow.SetCurrentDetails(p.ctx, p.checklist()) }

func (p *progress) checklist() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s %s**: %s\n\n", p.Operation, p.ClusterID, p.State)
	from, to := p.window()
	if from > 0 {
		fmt.Fprintf(&b, "- %d steps before\n", from)
	}
	for _, s := range p.Steps[from:to] {
		b.WriteString(line(s))
	}
	if left := len(p.Steps) - to; left > 0 {
		fmt.Fprintf(&b, "- %d steps after\n", left)
	}
	if len(p.Undo) > 0 {
		b.WriteString("\nUndo:\n")
		for _, s := range p.Undo {
			b.WriteString(line(s))
		}
	}
	if p.Held != nil {
		b.WriteString(waits(p.Held))
	}
	if p.Error != "" {
		fmt.Fprintf(&b, "\n%s\n", p.Error)
	}
	return b.String()
}

// waits describes what is held and how to continue.
func waits(h *api.Held) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n**Held** since %s: %s %s waits for an operator\n\n", h.Since.Format(time.RFC3339), h.Step, h.Words)
	for line := range strings.SplitSeq(h.Error, "\n") {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	b.WriteString("\n")
	for _, n := range h.Nodes {
		fmt.Fprintf(&b, "- %s: %s\n", n.Node, n.Outcome)
	}
	for _, c := range h.Choices {
		if c.Refused != "" {
			fmt.Fprintf(&b, "- %s: not possible: %s\n", c.Action, c.Refused)
			continue
		}
		fmt.Fprintf(&b, "- `%s`: %s\n", c.Command, c.Does)
	}
	return b.String()
}

// window is the part of the steps around the current one.
func (p *progress) window() (from, to int) {
	from = max(min(p.at-checklistLength/4, len(p.Steps)-checklistLength), 0)
	return from, min(from+checklistLength, len(p.Steps))
}

var marks = map[string]string{
	api.StepPending: "[ ]", api.StepRunning: "[~]", api.StepHeld: "[?]", api.StepDone: "[x]", api.StepFailed: "[!]", api.StepSkipped: "[-]", api.StepUndone: "[x]",
}

func line(s api.Step) string {
	nodes := ""
	if s.Nodes > 0 {
		nodes = fmt.Sprintf(" (%d nodes)", s.Nodes)
	}
	note := ""
	if s.Note != "" {
		note = ": " + s.Note
	}
	return fmt.Sprintf("- %s %s %s%s%s\n", marks[s.State], s.ID, s.Words, nodes, note)
}
