package workflows

import (
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/workflows/api"
)

// eventsPerRun is how long the history of a run may get before the operation goes on in a run of its own. The server
// ends runs at 51,200 events; a new worker reads all of them before it can go on.
const eventsPerRun = 4_000

// handover is what a run gives to the next one of the same operation, where nodes take turns and there are many of them.
// The next run opens the same operation again and walks the same procedure, past the steps that are done. People never
// give it: it is the second argument of a workflow, and empty in the first run.
type handover struct {
	// Done is how many steps earlier runs took.
	Done int `json:"done,omitempty"`
	// Order is what get_nodes_order named.
	Order     []string       `json:"order,omitempty"`
	StartedAt time.Time      `json:"started_at,omitzero"`
	Warnings  []api.Warning  `json:"warnings,omitempty"`
	Attempts  map[string]int `json:"attempts,omitempty"`
	Skips     []string       `json:"skips,omitempty"`
	// Passed are the steps an operator skipped, by their place, with the note.
	Passed map[int]string `json:"passed,omitempty"`
}

// receive takes over what an earlier run did.
func (op *operation) receive(raw converter.RawValue, h handover) {
	op.input, op.handover = raw, h
	op.attempts, op.skips = h.Attempts, h.Skips
	op.tellSkips() // this run has a memo of its own
	op.progress.Warnings = h.Warnings
	if !h.StartedAt.IsZero() {
		op.progress.StartedAt = h.StartedAt
	}
}

// pass notes that an operator skipped a step.
func (h *handover) pass(at int, note string) {
	if h.Passed == nil {
		h.Passed = map[int]string{}
	}
	h.Passed[at] = note
}

// done says whether an earlier run has taken the step that comes now, and shows it so.
func (op *operation) done(s api.PlanStep) bool {
	at := len(op.trace.Steps)
	if at >= op.handover.Done {
		return false
	}
	op.trace.Steps = append(op.trace.Steps, s)
	op.progress.passed(s, op.handover.Passed[at])
	return true
}

// turnOver ends a turn. When the history of this run has become long, it gives the rest to the next run; the error must
// leave the workflow as it is.
func (op *operation) turnOver() error {
	if op.planning || op.ctx.Err() != nil || len(op.trace.Steps) <= op.handover.Done ||
		workflow.GetInfo(op.ctx).GetCurrentHistoryLength() < eventsPerRun {
		return nil
	}
	next := op.handover
	next.Done, next.StartedAt = len(op.trace.Steps), op.progress.StartedAt
	next.Warnings, next.Attempts, next.Skips = op.progress.Warnings, op.attempts, op.skips
	return workflow.NewContinueAsNewError(op.ctx, op.name, op.input, next)
}
