package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/providers"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// Failure is one failed run of an attempt, and its result.
type Failure struct {
	Attempt  string
	Activity string // that failed
	Summary  string
	How      Failing
	Passed   bool     // the operation completed nevertheless
	Stayed   []string // aspects with permitted differences
	Says     []string // their quotations from docs/lifecycle.md
	Err      error
}

func (f Failure) String() string {
	return fmt.Sprintf("%s, %s (%s), fails %s", f.Attempt, f.Activity, f.Summary, f.How)
}

// Fail makes an operation fail at each of its activities, one after the other, until it completes because it has no
// further one. The same cluster serves all of them, because an undo restores its state.
func (w *World) Fail(ctx context.Context, a Attempt, how func(activity string) Failing, report func(Failure)) error {
	c, err := w.newCluster()
	if err != nil {
		return err
	}
	defer c.done()
	c.app = a.app
	if c.app == "" {
		c.app = appID
	}
	for k := 1; ; k++ {
		f, err := c.fail(ctx, a, k, how)
		if err != nil {
			return errors.Join(fmt.Errorf("%s, activity %d: %w", a.Name, k, err), c.vanish(context.WithoutCancel(ctx)))
		}
		if f.Activity == "" {
			break
		}
		report(f)
	}
	return c.vanish(ctx)
}

// fail runs the operation once with a failure of its k-th activity.
func (c *cluster) fail(ctx context.Context, a Attempt, k int, how func(string) Failing) (f Failure, err error) {
	ctx, done := context.WithTimeout(ctx, operationLimit)
	defer done()
	w, id := c.world, api.WorkflowID(c.id)
	if err := c.become(ctx, a); err != nil {
		return f, fmt.Errorf("make the cluster ready: %w", err)
	}
	before, err := c.condition(ctx)
	if err != nil {
		return f, err
	}
	m := &mishap{number: k, how: how, cancel: func() { _ = w.temporals.CancelWorkflow(context.WithoutCancel(ctx), id, "") }}
	c.gates.decides(func(string, string) (int, bool) {
		if m.commandsFail() {
			return 1, true
		}
		return 0, true
	})
	w.relay.disturb(id, m)
	ended := w.execute(ctx, id, a.does, a.input(c), nil)
	w.relay.disturb(id, nil)
	c.gates.decides(func(string, string) (int, bool) { return 0, true })
	f = Failure{Attempt: a.Name}
	f.Activity, f.Summary, f.How = m.happened()
	switch {
	case ctx.Err() != nil:
		return f, fmt.Errorf("the operation does not end: %s", c.progress())
	case f.Activity == "" && ended != nil:
		return f, fmt.Errorf("the operation fails without an injected failure: %w", ended)
	case f.Activity == "":
		return f, nil
	}
	f.Passed = ended == nil
	after, err := c.condition(ctx)
	if err != nil {
		return f, err
	}
	f.Err = c.judge(ctx, a, &f, before, after)
	if f.Err != nil && ended != nil {
		f.Err = fmt.Errorf("%w\nit ended with: %w", f.Err, ended)
	}
	return f, nil
}

// judge compares the state before with the state after.
func (c *cluster) judge(ctx context.Context, a Attempt, f *Failure, before, after condition) error {
	var reached []string
	for _, step := range c.asks(ctx).Steps {
		if step.State != api.StepPending && step.State != api.StepSkipped {
			reached = append(reached, step.ID)
		}
	}
	var wrong []string
	for _, aspect := range aspects {
		if before.digest(aspect) == after.digest(aspect) || f.Passed {
			continue
		}
		says, may := a.mayStay(aspect, reached)
		if !may {
			wrong = append(wrong, fmt.Sprintf("%s differ after steps %v:\n  %s", aspect, reached, strings.Join(before.changes(after, aspect), "\n  ")))
			continue
		}
		f.Stayed = append(f.Stayed, aspect)
		if !slices.Contains(f.Says, says) {
			f.Says = append(f.Says, says)
		}
	}
	all, err := c.world.machines.List(ctx, c.id)
	if err != nil {
		return err
	}
	keys, err := c.world.keys(ctx, c.id)
	if err != nil {
		return err
	}
	wrong = append(wrong, temporaries(keys)...)
	wrong = append(wrong, c.running(all)...)
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

// running returns commands that still run although their operation has ended.
func (c *cluster) running(all providers.Resources) (wrong []string) {
	for _, i := range all.Instances {
		if i.State != providers.Running {
			continue
		}
		processes, err := c.world.processes(i.ID)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		for _, p := range processes {
			if strings.Contains(p.String(), tracer.Program) {
				wrong = append(wrong, fmt.Sprintf("left behind: on %s %s", i.Tags.NodeID, p))
			}
		}
	}
	return wrong
}
