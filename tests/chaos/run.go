package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"drover/workflows/api"
)

// Moment is the moment of a fault.
type Moment struct {
	Activity string // "4-RunStage"; names are the same in every run of an operation
	Phase    Phase
	Summary  string // for texts
	Undo     bool   // the operation undoes at this moment
	// Share is the passed share of the operation's time, which is Time. Any only.
	Share float64
	Time  time.Duration
}

func (m Moment) String() string {
	if m.Phase == Any {
		return fmt.Sprintf("at %.0f %% of its %.1f s", m.Share*100, m.Time.Seconds())
	}
	if m.Undo {
		return fmt.Sprintf("%s %s (undo: %s)", m.Phase, m.Activity, m.Summary)
	}
	return fmt.Sprintf("%s %s (%s)", m.Phase, m.Activity, m.Summary)
}

// runs reports whether the activity runs the commands of a service.
func (m Moment) runs(service string) bool {
	name, _, _ := strings.Cut(m.Summary, ",")
	return name == service
}

// Case is one fault at one moment of one operation.
type Case struct {
	Operation string
	Kill      string
	Moment    Moment
}

func (c Case) String() string { return fmt.Sprintf("%-17s %-14s %s", c.Operation, c.Kill, c.Moment) }

// Outcome is the result of an operation.
type Outcome struct {
	Case     Case
	Commands int           // that ran
	Twice    int           // additional runs of commands
	GoesOn   time.Duration // from the return of the dead component until the next activity ended
	Took     time.Duration
	Ran      time.Duration // the operation alone
	Missed   bool          // the operation ended before the moment: no result
	Answered string        // the operator's answer to a hold
	Err      error         // the failed checks
	Moments  []Moment
}

// operationLimit is the time limit of an operation with any fault.
const operationLimit = 4 * time.Minute

// perform runs an operation of a cluster with one fault, or none if kill is nil, and checks the result.
func (c *cluster) perform(ctx context.Context, o operation, k *kill, at Moment) (out Outcome) {
	limit := operationLimit
	if k != nil {
		limit += k.longer
	}
	ctx, done := context.WithTimeout(ctx, limit)
	defer done()
	began := time.Now()
	out.Case = Case{Operation: o.name, Moment: at}
	if k != nil {
		out.Case.Kill = k.name
	}
	defer func() { out.Took = time.Since(began) }()
	w := c.world
	fail := func(err error, doing string) Outcome {
		out.Err = fmt.Errorf("%s: %w", doing, err)
		return out
	}
	var planned api.OperationResult
	if err := w.execute(ctx, api.WorkflowID(c.id), o.is(), o.input(c, true), &planned); err != nil || planned.Plan == nil {
		return fail(err, "plan")
	}
	before := c.view
	found, err := w.machines.List(ctx, c.id)
	if err != nil {
		return fail(err, "look")
	}
	d := newDeath(ctx, c, o, k, at)
	d.planned = planned.Plan
	c.gates.decides(d.decide)
	w.relay.onEvent(d.see)
	run, err := w.begin(ctx, api.WorkflowID(c.id), o.is(), o.input(c, false))
	if err != nil {
		return fail(err, "start")
	}
	started := time.Now()
	d.begun(run)
	settle := d.anytime()
	ended := make(chan error, 1)
	go func() { ended <- c.await(ctx, run, d) }()
	err = <-ended
	out.Ran = time.Since(started)
	settle()
	d.settled(ctx)
	out.Missed = at.Phase == Any && !d.fired()
	if k != nil && k.after != nil {
		if err := k.after(ctx, w); err != nil {
			return fail(err, "end the death")
		}
	}
	out.Moments = d.moments()
	w.relay.onEvent(nil)
	out.GoesOn, out.Answered = d.resumedAfter(), d.answered
	switch {
	case ctx.Err() != nil:
		where := c.progress()
		return fail(errors.Join(fmt.Errorf("the operation does not end (%s)", where), w.stack.DumpWorker()), "wait") // remove starts another one
	case k != nil && !d.fired() && !out.Missed:
		return fail(errors.New("the moment never came"), "wait")
	case d.answered == api.ResolveAbort:
		if err := c.aborted(ctx, err); err != nil {
			return fail(err, "aborted")
		}
		return out
	case o.fails != "" && (err == nil || !strings.Contains(err.Error(), "exit code 1") || strings.Contains(err.Error(), "undo failed")):
		return fail(fmt.Errorf("the operation must fail with a command's exit code 1; it ended with: %v", err), "operation")
	case o.cancels != "" && !temporal.IsCanceledError(err):
		return fail(fmt.Errorf("the operation must end as cancelled; it ended with: %v", err), "operation")
	case o.fails == "" && o.cancels == "" && err != nil:
		return fail(err, "operation")
	}
	if err := d.problem(); err != nil {
		return fail(err, "kill")
	}
	wrong, err := c.problems(ctx, o)
	if err != nil {
		return fail(err, "look")
	}
	if o.undone {
		now, err := w.machines.List(ctx, c.id)
		if err != nil {
			return fail(err, "look")
		}
		wrong = append(wrong, changes(found, now)...)
	}
	ran, err := c.gates.count()
	if err != nil {
		return fail(err, "read commands")
	}
	wanted, err := c.commands(planned.Plan, o, before, d.lost, ran)
	if err != nil {
		return fail(err, "plan")
	}
	for command, n := range ran {
		out.Commands += n
		out.Twice += max(0, n-wanted[command])
	}
	if wrong = append(wrong, difference(wanted, ran)...); len(wrong) > 0 {
		return fail(errors.New(strings.Join(wrong, "; ")), "afterwards")
	}
	return out
}

// commands returns the expected commands of a plan and an undo, like count; lost ones ran again after the operator's answer.
func (c *cluster) commands(plan *api.Plan, o operation, before api.ClusterView, lost, ran map[string]int) (map[string]int, error) {
	nodes := map[int]string{}
	for _, n := range slices.Concat(before.Nodes, c.view.Nodes) {
		nodes[n.SID] = n.NodeID
	}
	wanted, ends := maps.Clone(lost), false
	for _, step := range plan.Steps {
		if step.Skipped != "" {
			continue
		}
		for _, command := range step.Commands {
			sids, err := expand(command.SIDs)
			if err != nil {
				return nil, err
			}
			for _, sid := range sids {
				if nodes[sid] == "" {
					nodes[sid] = stranger(nodes, ran)
				}
				wanted[nodes[sid]+" "+command.Service]++
			}
			ends = ends || command.Service == o.fails || command.Service == o.cancels
		}
		if ends {
			break // commands after the failing one never run
		}
	}
	for _, n := range before.Nodes {
		for _, service := range o.again {
			wanted[n.NodeID+" "+service]++
		}
	}
	return wanted, nil
}

// stranger is a node that ran commands and no longer exists: it was created and undone. The nodes of a plan run the same
// commands, so they need not be distinguished.
func stranger(known map[int]string, ran map[string]int) string {
	for _, command := range slices.Sorted(maps.Keys(ran)) {
		node, _, _ := strings.Cut(command, " ")
		if !slices.Contains(slices.Collect(maps.Values(known)), node) {
			return node
		}
	}
	return "unknown-node"
}

func difference(wanted, ran map[string]int) (wrong []string) {
	for command, n := range wanted {
		if ran[command] != n {
			wrong = append(wrong, fmt.Sprintf("%s ran %d times; want %d", command, ran[command], n))
		}
	}
	for command, n := range ran {
		if wanted[command] == 0 {
			wrong = append(wrong, fmt.Sprintf("%s ran %d times; want 0", command, n))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func (c *cluster) asks(ctx context.Context) (p api.Progress) {
	if answer, err := c.world.temporals.QueryWorkflow(ctx, api.WorkflowID(c.id), "", api.QueryProgress); err == nil {
		_ = answer.Get(&p)
	}
	return p
}

// progress describes the state of an operation for error texts.
func (c *cluster) progress() string {
	ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	p := c.asks(ctx)
	for _, s := range slices.Concat(p.Steps, p.Undo) {
		if s.State == api.StepRunning || s.State == api.StepHeld {
			return fmt.Sprintf("%s: %s %s is %s; activities %v", p.State, s.ID, s.Words, s.State, s.ActivityIDs)
		}
	}
	return p.State + " " + p.Error
}
