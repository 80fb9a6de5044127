package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/workflows/api"
)

// undoStack remembers how to take back what was done. Entries are registered before the step they belong to, run in
// reverse order on a context no cancel reaches, and are no-ops where the step never happened.
type undoStack []undoEntry

type undoEntry struct {
	id, words string
	do        func(workflow.Context) error
	last      bool
}

// words are what would be undone now, in that order.
func (s undoStack) words() []string {
	var words []string
	for i := len(s) - 1; i >= 0; i-- {
		words = append(words, s[i].words)
	}
	return words
}

// onUndo registers how to take back the step that comes next.
func (op *operation) onUndo(id, words string, do func(workflow.Context) error) {
	if !op.planning {
		op.undo = append(op.undo, undoEntry{id: id, words: words, do: do})
	}
}

// onUndoLast registers what may only be undone when everything before it was: deregistration, which forgets what the
// other entries have not managed to release.
func (op *operation) onUndoLast(id, words string, do func(workflow.Context) error) {
	if !op.planning {
		op.undo = append(op.undo, undoEntry{id: id, words: words, do: do, last: true})
	}
}

// keep declares that what was done so far stays, and registers what must happen in its place if the operation fails.
func (op *operation) keep(id, words string, do func(workflow.Context) error) {
	if !op.planning {
		op.undo = nil
	}
	op.onUndo(id, words, do)
}

// undoAll takes everything back, going on past an undo that fails, and returns the joined failures.
func (op *operation) undoAll(cause error) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	op.progress.undoing(cause)
	var failed []error
	entries := op.undo
	op.undo = nil
	for i := len(entries) - 1; i >= 0; i-- {
		entry := entries[i]
		if entry.last && len(failed) > 0 {
			continue
		}
		at := op.progress.begin(&op.progress.Undo, entry.id, entry.words, 0, 0)
		err := entry.do(ctx)
		op.progress.finish(&op.progress.Undo, at, api.StepUndone, err)
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// undone joins the reason of an operation's end with a failure to undo it. After a cancel the result must not be a
// cancellation, or the text about what remains would be dropped.
func undone(cause, failed error) error {
	if failed == nil {
		return cause
	}
	f := faultOf(cause)
	if temporal.IsCanceledError(cause) {
		f = fault.New(fault.Internal, "cancelled")
	}
	left := faultOf(failed)
	f.Message += "; undo failed: " + left.Message
	f.Problems = append(f.Problems, left.Problems...)
	f.Hint = left.Hint
	return f
}
