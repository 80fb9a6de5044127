package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"drover/lifecycle"
	"drover/workflows/api"
)

// step walks one documented step: it is written down when planning, and done for real otherwise. A step that failed may
// be held for an operator, who has it done again, or goes on past it, or lets the failure stand.
func (op *operation) step(s api.PlanStep, nodes int, limit time.Duration, do func(workflow.Context) error) error {
	s = op.declared(s)
	if op.planning {
		op.plan.Steps = append(op.plan.Steps, s)
		return nil
	}
	if op.done(s) {
		return nil
	}
	if err := op.ctx.Err(); err != nil {
		return err
	}
	traced := s
	traced.Commands = slices.Clone(s.Commands)
	op.trace.Steps = append(op.trace.Steps, traced)
	list := op.list()
	i := op.progress.begin(list, s.ID, s.Words, nodes, limit)
	for {
		op.failed = failedGroup{}
		err := do(op.ctx)
		if !op.holds(err) {
			op.progress.finish(list, i, api.StepDone, err)
			return err
		}
		resolution, cancelled := op.hold(s, list, i, err)
		switch {
		case cancelled != nil:
			op.progress.finish(list, i, api.StepDone, err)
			return cancelled
		case resolution.Action == api.ResolveRetry:
			op.again()
			op.progress.again(list, i, limit)
		case resolution.Action == api.ResolveSkip:
			note := op.skipped(s, resolution, err)
			op.handover.pass(len(op.trace.Steps)-1, note)
			op.progress.passOver(list, i, note)
			return nil
		default:
			op.progress.finish(list, i, api.StepDone, err)
			return err
		}
	}
}

// declared marks a step as what lifecycle declares it to be: skippable, the point of no return, the first that stays.
func (op *operation) declared(s api.PlanStep) api.PlanStep {
	if op.progress.State == api.OpUndoing {
		return s
	}
	s.Skippable = lifecycle.MaySkip(op.named(s)) == nil
	s.NoReturn = op.comesTo("no return", lifecycle.NoReturn(op.name), s.ID, op.progress.NoReturn)
	s.Stays = op.comesTo("stays", lifecycle.Stays(op.name), s.ID, op.progress.Stays)
	return s
}

// comesTo gives the reason of a declared point when the walk comes to it.
func (op *operation) comesTo(name string, p lifecycle.Point, step string, shown *api.Point) string {
	if op.came[name] || !slices.Contains(p.Steps, step) {
		return ""
	}
	op.came[name] = true
	shown.Step = step
	if !op.planning {
		shown.PassedAt = workflow.Now(op.ctx).UTC()
	}
	return p.Why
}

// list is where steps are shown: among the undo steps while the operation goes back.
func (op *operation) list() *[]api.Step {
	if op.progress.State == api.OpUndoing {
		return &op.progress.Undo
	}
	return &op.progress.Steps
}

// without drops nodes from what the operation knows of the cluster, once they are gone.
func (op *operation) without(nodes []string) {
	if op.planning {
		return
	}
	gone := lifecycle.Only(nodes)
	for i := range op.view.Roles {
		r := &op.view.Roles[i]
		r.Nodes = slices.DeleteFunc(slices.Clone(r.Nodes), gone)
	}
}

// noReturn comes to the point from which the operation goes on to its end: nothing is taken back any more, and a cancel
// comes too late. It fails when one came before.
func (op *operation) noReturn() error {
	if op.planning {
		return nil
	}
	if err := op.ctx.Err(); err != nil {
		return err
	}
	op.undo = nil
	reached := op.ctx
	op.ctx, _ = workflow.NewDisconnectedContext(op.ctx)
	workflow.Go(op.ctx, func(ctx workflow.Context) {
		reached.Done().Receive(ctx, nil)
		op.progress.warn(api.Warning{Message: "a cancel came after the point of no return and has no effect: " + lifecycle.NoReturn(op.name).Why})
	})
	return nil
}

// settled declares that what the last undo entries are for has been done.
func (op *operation) settled() {
	if !op.planning {
		op.undo = nil
	}
}

// skip writes down why a documented step does not apply.
func (op *operation) skip(id, words, why string) {
	s := api.PlanStep{ID: id, Words: words, Skipped: why}
	if op.planning {
		op.plan.Steps = append(op.plan.Steps, s)
		return
	}
	op.trace.Steps = append(op.trace.Steps, s)
	op.progress.skip(id, words, why)
}
