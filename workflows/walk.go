package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// planner makes the procedure of an operation from what is known, and the answers of commands so far.
type planner func(answers) procedure

// walk runs a procedure step by step. After a step that asked nodes the rest is planned again with the answer; what was
// walked must come out the same.
func (op *operation) walk(plan planner) error {
	p := plan(op.handover.Answers)
	steps := p.planned(op.name)
	op.progress.expect(steps)
	if err := op.handover.matches(steps); err != nil {
		return err
	}
	for i := 0; i < len(p); i++ {
		if err := op.take(p[i], steps[i]); err != nil {
			return err
		}
		if p[i].ask != nil {
			walked := digest(steps[:i+1])
			p = plan(op.handover.Answers)
			steps = p.planned(op.name)
			if len(steps) <= i || digest(steps[:i+1]) != walked {
				return fault.New(fault.Internal, "the procedure of %s changed behind step %s", op.name, p[i].id)
			}
			op.progress.replan(steps, i+1)
		}
		if p[i].endsTurn {
			if err := op.turnOver(); err != nil {
				return err
			}
		}
	}
	return nil
}

// digest identifies steps: two plans that share it did the same.
func digest(steps []api.PlanStep) string {
	text, _ := json.Marshal(steps)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// take runs one step. A step that failed may be held for an operator, who has it run again, or skips it, or lets the
// failure stand.
func (op *operation) take(s step, planned api.PlanStep) error {
	if s.skipped != "" {
		op.trace.Steps = append(op.trace.Steps, planned)
		op.progress.skip(planned.ID, s.words, s.skipped)
		return nil
	}
	if len(op.trace.Steps) < op.handover.Done {
		op.pass(s, planned)
		return nil
	}
	if err := op.ctx.Err(); err != nil {
		return err
	}
	op.enter(s, planned)
	list := &op.progress.Steps
	at := op.progress.begin(list, planned.ID, s.words, s.nodes(), op.limit(s))
	s.effects = slices.Clone(s.effects)
	for {
		left, err := op.perform(op.ctx, &s)
		if err == nil || !op.hold.holds(op.ctx, s, left, err) {
			op.performer.leaveOpen(left)
			op.progress.finish(list, at, api.StepDone, err)
			if err = op.goesPast(s, err); err != nil {
				return hinted(s, err)
			}
			op.leaveStep(s)
			return nil
		}
		resolution, cancelled := op.hold.wait(op.ctx, op.hold.atStep(op.ctx, planned, s.named(op.name), left, err), list, at)
		switch {
		case cancelled != nil:
			op.performer.leaveOpen(left)
			op.progress.finish(list, at, api.StepDone, err)
			return cancelled
		case resolution.Action == api.ResolveRetry:
			op.performer.again(left)
			op.progress.again(list, at, op.limit(s))
		case resolution.Action == api.ResolveSkip:
			op.performer.leaveOpen(left)
			note := op.hold.skipped(op.ctx, s.id, s.words, resolution, err)
			op.handover.skip(len(op.trace.Steps)-1, note)
			op.progress.passOver(list, at, note)
			op.leaveStep(s)
			return nil
		default:
			op.performer.leaveOpen(left)
			op.progress.finish(list, at, api.StepDone, err)
			return hinted(s, err)
		}
	}
}

// enter makes a step the current one.
func (op *operation) enter(s step, planned api.PlanStep) {
	if planned.NoReturn != "" {
		op.noReturn(planned.NoReturn)
	}
	op.undo.register(s)
	op.leave(s.begins, true)
	op.trace.Steps = append(op.trace.Steps, planned)
	op.progress.reach(planned)
}

// leaveStep is what a step that succeeded, or was skipped, changes.
func (op *operation) leaveStep(s step) {
	op.undo.complete(s.scope)
	op.leave(s.ends, true)
}

// leave sets the state that the operation leaves the cluster in.
func (op *operation) leave(l leaving, when bool) {
	if l.set && when {
		op.end.state = l.state
	}
}

// pass walks past a step that an earlier run of the operation has taken.
func (op *operation) pass(s step, planned api.PlanStep) {
	op.enter(s, planned)
	op.progress.passed(planned, op.handover.Skipped[len(op.trace.Steps)-1])
	if slices.ContainsFunc(s.effects, func(e effect) bool { _, commits := e.(commit); return commits }) {
		op.undo.drop()
	}
	op.leaveStep(s)
}

// limit is how long a step may take by itself; 0: not limited.
func (op *operation) limit(s step) time.Duration {
	switch {
	case s.group != nil:
		return seconds(s.group.Timeout())
	case slices.ContainsFunc(s.effects, effect.waits):
		return op.performer.barrier
	}
	return 0
}

// perform does what a step is about, or what is left of it after a failure.
func (op *operation) perform(ctx workflow.Context, s *step) (failedCommands, error) {
	switch {
	case s.group != nil:
		left, err := op.performer.commands(ctx, s.id, s.words, *s.group)
		if err != nil { // all that runs again, should an operator want it
			rest := *s.group
			rest.Group = s.group.Limit(left.on)
			s.group = &rest
		}
		return left, err
	case s.ask != nil:
		ids, left, err := op.performer.ask(ctx, s.id, *s.ask)
		if err == nil {
			op.handover.answer(s.ask.key(), ids)
		}
		return left, err
	}
	for i, e := range s.effects {
		if err := e.perform(op.performer, ctx, s.id); err != nil {
			return failedCommands{}, err
		}
		if _, ok := e.(once); ok {
			s.effects[i] = nothing{}
		}
	}
	return failedCommands{}, nil
}

// goesPast turns a failure into a warning when the user forces. Cancellation is never forced away.
func (op *operation) goesPast(s step, err error) error {
	if err == nil || !s.force || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	op.progress.warn(api.Warning{Step: string(s.id), Node: f.Node, Message: "forced past: " + f.Message})
	for _, problem := range f.Problems[min(1, len(f.Problems)):] {
		op.progress.warn(api.Warning{Step: string(s.id), Message: "forced past: " + problem})
	}
	return nil
}

// hinted adds what to do about a command that failed.
func hinted(s step, err error) error {
	if s.hint == "" || temporal.IsCanceledError(err) || !commandFailed(err) {
		return err
	}
	f := faultOf(err)
	if f.Hint == "" {
		f.Hint = s.hint
	}
	return f
}

// noReturn is the point from which the operation runs to its end: nothing is undone any more, and a cancel has no effect.
func (op *operation) noReturn(why string) {
	op.undo.drop()
	reached := op.ctx
	op.ctx, _ = workflow.NewDisconnectedContext(op.ctx)
	workflow.Go(op.ctx, func(ctx workflow.Context) {
		reached.Done().Receive(ctx, nil)
		op.progress.warn(api.Warning{Message: "a cancel came after the point of no return and has no effect: " + why})
	})
}

// rollBack undoes by the procedure of another operation: it is opened, and its steps are shown among those of the undo.
func (op *operation) rollBack(ctx workflow.Context, name lifecycle.Op) error {
	if err := op.beginAs(ctx, name); err != nil {
		return err
	}
	p := planOf(name)(known(op.begun))
	for i, planned := range p.planned(name) {
		s := p[i]
		op.leave(s.begins, true)
		op.trace.Steps = append(op.trace.Steps, planned)
		at := op.progress.begin(&op.progress.Undo, planned.ID, s.words, s.nodes(), op.limit(s))
		err := op.decided(ctx, s.id, s.words, at, func() (failedCommands, error) { return op.perform(ctx, &s) })
		op.progress.finish(&op.progress.Undo, at, api.StepDone, err)
		if err = op.goesPast(s, err); err != nil {
			return err
		}
		op.leave(s.ends, true)
	}
	return nil
}
