package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// nodesPerActivity is how many nodes one activity serves. An activity costs about 10 ms of server CPU and 6 events
// whatever it does, and holds its nodes' goroutines in one worker: 250 keeps a 1,000-node operation in a few hundred
// events while a group is still spread over several workers.
const nodesPerActivity = 250

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

// stage runs a service over nodes: its pre_check as a stage of its own (S8), then the service, order group by order
// group (S1). among keeps the nodes the step is about (nil: all).
func (op *operation) stage(id, service string, phase lifecycle.Phase, among lifecycle.Among) error {
	if err := op.preCheck(id, service, phase, among); err != nil {
		return err
	}
	return op.run(id, service, phase, among)
}

// preCheck runs a service's pre_check alone.
func (op *operation) preCheck(id, service string, phase lifecycle.Phase, among lifecycle.Among) error {
	return op.groups(id, op.view.Stage(service, lifecycle.PreCheck, phase, among).Limit(op.turn))
}

// run runs a service without its pre_check.
func (op *operation) run(id, service string, phase lifecycle.Phase, among lifecycle.Among) error {
	return op.groups(id, op.view.Stage(service, lifecycle.Command, phase, among).Limit(op.turn))
}

func (op *operation) groups(id string, stage lifecycle.Stage) error {
	for _, group := range stage.Groups {
		if err := op.group(id, stage, group); err != nil {
			return err
		}
	}
	return nil
}

// group runs one order group: all of its nodes at the same time (S2), to the end on every node (S6).
func (op *operation) group(id string, stage lifecycle.Stage, group lifecycle.Group) error {
	words := fmt.Sprintf("%s, order %d", stage.Service, group.Order)
	if stage.Kind == lifecycle.PreCheck {
		words = fmt.Sprintf("%s pre_check, order %d", stage.Service, group.Order)
	}
	s := api.PlanStep{ID: id, Words: words}
	kind := ""
	if stage.Kind != lifecycle.Command {
		kind = string(stage.Kind)
	}
	for _, run := range group.Runs {
		s.Commands = append(s.Commands, api.PlanCommand{
			Role: run.Role, Service: stage.Service, Kind: kind, Order: group.Order, SIDs: lifecycle.SIDs(run.Nodes), Nodes: len(run.Nodes),
			Cmd: run.Cmd, Timeout: run.Timeout,
		})
	}
	limit, left := time.Duration(group.Timeout())*time.Second, group
	return op.step(s, len(group.NodeIDs()), limit, func(ctx workflow.Context) error {
		err := op.execute(ctx, id, words, stage, left)
		left = left.Limit(op.failed.on) // all that runs again, should an operator want it
		return err
	})
}

// execute runs an order group outside of any step, as undo does.
func (op *operation) execute(ctx workflow.Context, id, words string, stage lifecycle.Stage, group lifecycle.Group) error {
	limit := time.Duration(group.Timeout()) * time.Second
	in := activities.StageInput{
		ClusterID: op.clusterID, Seq: op.view.Seq, Step: id, Service: stage.Service, Kind: stage.Kind, Previous: op.previous, Params: op.params,
	}
	batches := runBatches[activities.StageResult](op, ctx, group.NodeIDs(), func(nodes []string) (workflow.ActivityOptions, string, any) {
		return long(fmt.Sprintf("%s on %d nodes", words, len(nodes)), limit), activities.RunStage, op.attempt(in, nodes)
	})
	op.failed = op.failuresOf(in, group, batches)
	results, err := resultsOf(batches)
	if err != nil {
		return err
	}
	return stageFault(op.clusterID, stage.Service, results)
}

// stageFault joins the failures of a group's nodes; nil when every node succeeded.
func stageFault(clusterID, service string, results []activities.StageResult) error {
	var failures []activities.NodeFailure
	failed := 0
	for _, r := range results {
		failed += r.Failed
		failures = append(failures, r.Failures...)
	}
	if failed == 0 {
		return nil
	}
	slices.SortStableFunc(failures, activities.UnknownFirst)
	first := failures[0]
	f := fault.New(first.Type, "%s", first.Message).At(clusterID, first.NodeID, service)
	f.Retryable, f.ExitCode, f.Output = false, first.ExitCode, first.Output
	if failed > 1 {
		f.Message = fmt.Sprintf("%d nodes failed; %s", failed, first.Message)
		for _, other := range failures {
			f.Problems = append(f.Problems, other.Message)
		}
	}
	return f
}

// inBatches runs one activity per nodesPerActivity nodes, all at the same time, and waits for all.
func inBatches[R any](op *operation, ctx workflow.Context, nodes []string, call func(nodes []string) (workflow.ActivityOptions, string, any)) ([]R, error) {
	return resultsOf(runBatches[R](op, ctx, nodes, call))
}

// batch is what became of one activity over some nodes.
type batch[R any] struct {
	nodes  []string
	result R
	err    error
}

func runBatches[R any](op *operation, ctx workflow.Context, nodes []string, call func(nodes []string) (workflow.ActivityOptions, string, any)) []batch[R] {
	var batches []batch[R]
	var futures []workflow.Future
	for nodes := range slices.Chunk(nodes, nodesPerActivity) {
		options, activity, input := call(nodes)
		futures = append(futures, op.start(ctx, options, activity, input))
		batches = append(batches, batch[R]{nodes: nodes})
	}
	for i, f := range futures {
		batches[i].err = f.Get(ctx, &batches[i].result)
	}
	return batches
}

// resultsOf gives the results of all batches, and the first error.
func resultsOf[R any](batches []batch[R]) ([]R, error) {
	results := make([]R, len(batches))
	var first error
	for i, b := range batches {
		results[i] = b.result
		if b.err != nil && first == nil {
			first = b.err
		}
	}
	return results, first
}

// provision makes the resources of nodes.
func (op *operation) provision(ctx workflow.Context, nodes []string) error {
	_, err := inBatches[struct{}](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return provisioning(fmt.Sprintf("make %d machines", len(batch))), activities.Provision,
			activities.NodesInput{ClusterID: op.clusterID, Nodes: batch}
	})
	return err
}

// machines changes machines of nodes by one of the activities that take them in batches.
func (op *operation) machines(ctx workflow.Context, words, activity string, nodes []string, input func(activities.NodesInput) any) error {
	_, err := inBatches[struct{}](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return provisioning(fmt.Sprintf("%s of %d nodes", words, len(batch))), activity,
			input(activities.NodesInput{ClusterID: op.clusterID, Nodes: batch})
	})
	return err
}

// power switches machines on or off.
func (op *operation) power(ctx workflow.Context, on bool, nodes []string) error {
	words := "power off"
	if on {
		words = "power on"
	}
	return op.machines(ctx, words, activities.Power, nodes, func(in activities.NodesInput) any {
		return activities.PowerInput{NodesInput: in, On: on}
	})
}

// replace gives nodes a new machine.
func (op *operation) replace(ctx workflow.Context, to activities.Image, nodes []string) error {
	return op.machines(ctx, "new machines", activities.Replace, nodes, func(in activities.NodesInput) any {
		return activities.ReplaceInput{NodesInput: in, To: to}
	})
}

// releaseNodes gives back the resources of nodes; what cannot be given back goes to the orphan ledger and is told.
func (op *operation) releaseNodes(ctx workflow.Context, nodes []string) error {
	results, err := inBatches[activities.ReleaseResult](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		o := provisioning(fmt.Sprintf("release %d nodes", len(batch)))
		return o, activities.ReleaseNodes, activities.ReleaseNodesInput{
			NodesInput: activities.NodesInput{ClusterID: op.clusterID, Nodes: batch}, Attempts: o.RetryPolicy.MaximumAttempts,
		}
	})
	for _, r := range results {
		op.leaves(ctx, r.Orphans)
	}
	return err
}

// publish changes the control record (nil: not) and makes the next revision of the cluster's metadata visible.
func (op *operation) publish(ctx workflow.Context, change *activities.Change) error {
	return op.revise(ctx, activities.Publish, func(next int64) any {
		return activities.PublishInput{ClusterID: op.clusterID, Seq: op.view.Seq, Revision: next, Change: change}
	})
}

// releaseLast releases nodes that are dropped from the record by the change that comes next, whatever happens: resources
// that may be left go to the orphan ledger.
func (op *operation) releaseLast(ctx workflow.Context, nodes []string, drop *activities.Change) error {
	err := op.releaseNodes(ctx, nodes)
	if err != nil {
		drop.Lost = summary(err)
	}
	return err
}

// revise publishes the next revision. After a publish that failed nobody knows whether its revision is visible, and what
// is visible does not change: that revision is published again, which finishes it at least, and then the one after it.
func (op *operation) revise(ctx workflow.Context, activity string, input func(next int64) any) error {
	for {
		again := op.unsure
		next := op.view.Revision + 1
		op.unsure = true
		if err := op.call(ctx, quick(fmt.Sprintf("publish revision %d", next)), activity, input(next), nil); err != nil {
			return err
		}
		op.view.Revision, op.unsure = next, false
		if !again {
			return nil
		}
	}
}

// settle publishes a change while the operation ends, and waits for the nodes without insisting: a node that does not
// answer must not keep the temporary folders from being cleared.
func (op *operation) settle(ctx workflow.Context, id string, change *activities.Change, nodes []string) error {
	if err := op.publish(ctx, change); err != nil {
		return err
	}
	if err := op.barrierOn(ctx, id, nodes); err != nil {
		op.progress.warn(api.Warning{Step: id, Message: summary(err)})
	}
	return nil
}

// startAgents makes the agent run on nodes and waits until each has applied the published revision.
func (op *operation) startAgents(ctx workflow.Context, id string, nodes []string) error {
	return op.await(ctx, id, activities.StartAgents, "start the agent", nodes)
}

// barrierOn waits until nodes have applied the published revision (B2).
func (op *operation) barrierOn(ctx workflow.Context, id string, nodes []string) error {
	return op.await(ctx, id, activities.Barrier, "wait for the configuration", nodes)
}

func (op *operation) await(ctx workflow.Context, id, activity, words string, nodes []string) error {
	results, err := inBatches[activities.BarrierResult](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return remote(fmt.Sprintf("%s on %d nodes, revision %d", words, len(batch), op.view.Revision), op.barrier), activity,
			activities.BarrierInput{
				ClusterID: op.clusterID, Step: id, Nodes: batch, Revision: op.view.Revision,
				TimeoutSec: int(op.barrier / time.Second), StrictConfig: op.strict,
			}
	})
	for _, r := range results {
		op.progress.Warnings = append(op.progress.Warnings, r.Warnings...)
	}
	return err
}

// release gives back every resource of the cluster; what cannot be given back goes to the orphan ledger and is told.
func (op *operation) release(ctx workflow.Context) error {
	var result activities.ReleaseResult
	err := op.call(ctx, provisioning("release the resources of "+op.clusterID), activities.Release,
		activities.ReleaseInput{ClusterID: op.clusterID}, &result)
	op.leaves(ctx, result.Orphans)
	return err
}

// deregister removes all metadata of the cluster; nothing is known of it afterwards.
func (op *operation) deregister(ctx workflow.Context) error {
	return op.call(ctx, patient("deregister "+op.clusterID), activities.Deregister,
		activities.DeregisterInput{ClusterID: op.clusterID}, nil)
}
