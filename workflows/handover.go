package workflows

import (
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/fault"
	"drover/workflows/api"
)

// eventsPerRun is how long the history of a run may get before the operation continues in a run of its own. The server
// ends runs at 51,200 events; a new worker reads all of them before it can continue.
const eventsPerRun = 4_000

// handover is what a run gives to the next one of the same operation, where nodes take turns and there are many of them.
// The next run opens the same operation again and walks the same procedure, past the steps that are done. People never
// give it: it is the second argument of a workflow, and empty in the first run.
type handover struct {
	// Done is how many steps earlier runs took, and Digest which.
	Done   int    `json:"done,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Answers are the node ids that commands have printed.
	Answers   answers        `json:"answers,omitempty"`
	StartedAt time.Time      `json:"started_at,omitzero"`
	Warnings  []api.Warning  `json:"warnings,omitempty"`
	Attempts  map[string]int `json:"attempts,omitempty"`
	Skips     []string       `json:"skips,omitempty"`
	// Open are commands that may run on although the operation has left their step.
	Open []agents.StageInput `json:"open,omitempty"`
	// Skipped are the steps an operator skipped, by their place, with the note.
	Skipped map[int]string `json:"skipped,omitempty"`
	// PerActivity is how many nodes one activity serves.
	PerActivity int `json:"per_activity,omitempty"`
}

// receive takes over what an earlier run did.
func (op *operation) receive(raw converter.RawValue, h handover) {
	op.input, op.handover = raw, h
	op.performer.attempts, op.performer.open, op.end.skips = h.Attempts, h.Open, h.Skips
	op.performer.perActivity = h.PerActivity
	if h.PerActivity == 0 {
		op.performer.perActivity = perActivity(op.ctx)
	}
	op.hold.recordSkips(op.ctx) // this run has a memo of its own
	op.progress.Warnings = h.Warnings
	if !h.StartedAt.IsZero() {
		op.progress.StartedAt = h.StartedAt
	}
}

// matches refuses to continue with a plan other than the one earlier runs walked: steps would be done twice, or never.
func (h *handover) matches(steps []api.PlanStep) error {
	if h.Done == 0 {
		return nil
	}
	if len(steps) >= h.Done && digest(steps[:h.Done]) == h.Digest {
		return nil
	}
	return fault.New(fault.Internal, "the %d steps that earlier runs of this operation took are not the first ones of its plan now", h.Done).
		WithHint("the cluster or the worker changed in between; look at the cluster with drover doctor")
}

// skip notes that an operator skipped a step.
func (h *handover) skip(at int, note string) {
	if h.Skipped == nil {
		h.Skipped = map[int]string{}
	}
	h.Skipped[at] = note
}

// answer notes what a command printed.
func (h *handover) answer(key string, ids []string) {
	if h.Answers == nil {
		h.Answers = answers{}
	}
	if ids == nil {
		ids = []string{}
	}
	h.Answers[key] = ids
}

// turnOver ends a turn. When the history of this run has become long, it gives the rest to the next run; the error must
// leave the workflow as it is.
func (op *operation) turnOver() error {
	if op.ctx.Err() != nil || len(op.trace.Steps) <= op.handover.Done ||
		workflow.GetInfo(op.ctx).GetCurrentHistoryLength() < eventsPerRun {
		return nil
	}
	next := op.handover
	next.Done, next.Digest = len(op.trace.Steps), digest(op.trace.Steps)
	next.StartedAt, next.Warnings = op.progress.StartedAt, op.progress.Warnings
	next.Attempts, next.Skips, next.PerActivity = op.performer.attempts, op.end.skips, op.performer.perActivity
	next.Open = op.performer.open
	return workflow.NewContinueAsNewError(op.ctx, op.name, op.input, next)
}
