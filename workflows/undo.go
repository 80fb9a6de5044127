package workflows

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// undoStack remembers how to undo what was done. Entries are registered before the step they belong to, run in reverse
// order on a context that no cancel reaches, and are no-ops where the step never happened.
type undoStack struct {
	entries []undoEntry
}

// undoEntry is the compensation of a step, as a value.
type undoEntry struct {
	id      lifecycle.StepID
	words   string
	effects []effect     // all of them, past those that fail
	op      lifecycle.Op // the procedure that undoes it; effects are only what is done when it fails
	allElse bool         // only when everything registered later was undone
	scope   string       // dropped when this part of the procedure is complete
	done    leaving      // what the cluster is once it has succeeded
	notDone leaving      // what the cluster is once it has failed
}

func undoing(id lifecycle.StepID, words string, effects ...effect) undoEntry {
	return undoEntry{id: id, words: words, effects: effects}
}

// by undoes by a procedure of its own.
func (u undoEntry) by(op lifecycle.Op) undoEntry { u.op = op; return u }

// onlyIfAllElseIsUndone is for deregistration, which forgets what other entries have not managed to release.
func (u undoEntry) onlyIfAllElseIsUndone() undoEntry { u.allElse = true; return u }

func (u undoEntry) succeeding(state lifecycle.State) undoEntry {
	u.done = leaving{state, true}
	return u
}

func (u undoEntry) failing(state lifecycle.State) undoEntry {
	u.notDone = leaving{state, true}
	return u
}

// register takes over the entries of a step that begins.
func (s *undoStack) register(st step) {
	if st.instead {
		s.drop()
	}
	s.entries = append(s.entries, st.undo...)
}

// drop declares that nothing done so far is undone any more.
func (s *undoStack) drop() { s.entries = nil }

// complete drops the entries of a part of the procedure.
func (s *undoStack) complete(scope string) {
	if scope == "" {
		return
	}
	var left []undoEntry
	for _, e := range s.entries {
		if e.scope != scope {
			left = append(left, e)
		}
	}
	s.entries = left
}

// words are what would be undone now, in that order.
func (s *undoStack) words() []string {
	var words []string
	for i := len(s.entries) - 1; i >= 0; i-- {
		words = append(words, s.entries[i].words)
	}
	return words
}

// releases reports whether undoing gives the node's machine back, which ends whatever runs on it.
func (s *undoStack) releases(node string) bool {
	for _, e := range s.entries {
		for _, effect := range e.effects {
			switch effect := effect.(type) {
			case releaseCluster:
				return true
			case release:
				if slices.Contains(effect.on, node) {
					return true
				}
			}
		}
	}
	return false
}

// undoAll undoes everything, continues past an entry that fails, and returns the joined failures. Before that commands are
// ended that may still run: they would run into what is undone.
func (op *operation) undoAll(cause error) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	op.progress.undoing(cause)
	op.endOpen(ctx)
	var failed []error
	entries := op.undo.entries
	op.undo.drop()
	for i := len(entries) - 1; i >= 0; i-- {
		entry := entries[i]
		if entry.allElse && len(failed) > 0 {
			continue
		}
		at := op.progress.begin(&op.progress.Undo, string(entry.id), entry.words, 0, 0)
		err := op.undoOne(ctx, entry, at)
		op.progress.finish(&op.progress.Undo, at, api.StepUndone, err)
		op.leave(entry.done, err == nil)
		op.leave(entry.notDone, err != nil)
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (op *operation) undoOne(ctx workflow.Context, entry undoEntry, at int) error {
	if entry.op == "" {
		return op.undoEach(ctx, entry, at)
	}
	if err := op.rollBack(ctx, entry.op); err != nil {
		return errors.Join(err, op.undoEach(ctx, entry, at))
	}
	return nil
}

// undoEach performs the effects of an entry in order, past those that fail, and joins the failures.
func (op *operation) undoEach(ctx workflow.Context, entry undoEntry, at int) error {
	var failed []error
	for _, e := range entry.effects {
		failed = append(failed, op.decided(ctx, entry.id, entry.words, at, func() (left failedCommands, err error) {
			err = e.perform(op.performer, ctx, entry.id)
			var open undecidedError
			if errors.As(err, &open) {
				left = open.left
			}
			return left, err
		}))
	}
	return errors.Join(failed...)
}

// decided performs a part of an undo until it has succeeded or failed. While it is undecided it is held: an undo is the
// way out, and must neither run into a command nor leave one running.
func (op *operation) decided(ctx workflow.Context, id lifecycle.StepID, words string, at int, perform func() (failedCommands, error)) error {
	for {
		left, err := perform()
		if err == nil || !left.undecided(err) && !unanswered(err) {
			return err
		}
		if len(left.open) > 0 && !unknown(err) && !slices.ContainsFunc(openNodes(left.open), func(node string) bool { return !slices.Contains(op.gone, node) }) {
			op.performer.leaveOpen(left)
			return err // an operator has said so already
		}
		list := &op.progress.Undo
		resolution, stopped := op.hold.wait(ctx, op.hold.inUndo(ctx, id, words, left, err), list, at)
		if stopped != nil || resolution.Action == api.ResolveSkip {
			op.performer.leaveOpen(left)
			if stopped == nil {
				op.gone = append(op.gone, openNodes(left.open)...)
				op.hold.skipped(ctx, id, words, resolution, err)
			}
			return err
		}
		op.performer.again(left)
		op.progress.again(list, at, 0)
	}
}

// endOpen ends commands that may still run although the operation has left their step, before it is undone. Nodes whose
// machine the undo gives back are not waited for.
func (op *operation) endOpen(ctx workflow.Context) {
	var waitFor []agents.StageInput
	for _, in := range op.performer.open {
		in.Nodes = slices.DeleteFunc(slices.Clone(in.Nodes), op.undo.releases)
		if len(in.Nodes) > 0 {
			waitFor = append(waitFor, in)
		}
	}
	if op.performer.open = nil; len(waitFor) == 0 {
		return
	}
	const words = "end commands that may still run"
	id := lifecycle.StepID(waitFor[0].Step)
	at := op.progress.begin(&op.progress.Undo, string(id), words, 0, 0)
	err := op.decided(ctx, id, words, at, func() (failedCommands, error) {
		var failed []error
		left := failedCommands{}
		for _, in := range waitFor {
			if err := run(op.performer, ctx, stopping("end "+in.Service), doAgents.EndCommands, in); err != nil {
				failed, left.open = append(failed, err), append(left.open, in)
			}
		}
		waitFor = left.open
		return left, errors.Join(failed...)
	})
	op.progress.finish(&op.progress.Undo, at, api.StepDone, err)
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
