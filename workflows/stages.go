package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/agents"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

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
	in := agents.StageInput{
		ClusterID: op.clusterID, Seq: op.view.Seq, Step: id, Service: stage.Service, Kind: stage.Kind, Previous: op.previous, Params: op.params,
	}
	batches := runBatches[agents.StageResult](op, ctx, group.NodeIDs(), func(nodes []string) (workflow.ActivityOptions, string, any) {
		return long(fmt.Sprintf("%s on %d nodes", words, len(nodes)), limit), activities.RunStage, op.attempt(in, nodes)
	})
	op.failed = op.failuresOf(in, group, batches)
	for _, b := range batches {
		op.endCommands(ctx, words, op.attempt(in, b.nodes), b.err)
	}
	results, err := resultsOf(batches)
	if err != nil {
		return err
	}
	return stageFault(op.clusterID, stage.Service, results)
}

// endCommands ends the commands of an activity that a cancel ended and that could not do it: a worker that dies about then
// takes the cancel with it, for the server neither tries again what is cancelled nor gives it to another worker.
func (op *operation) endCommands(ctx workflow.Context, words string, in agents.StageInput, err error) {
	if ctx.Err() == nil || !temporal.IsCanceledError(err) || saysCommandsEnded(err) {
		return
	}
	ctx, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	o := ending(fmt.Sprintf("end %s on %d nodes", words, len(in.Nodes)))
	if err := op.call(ctx, o, activities.EndCommands, in, nil); err != nil {
		op.progress.warn(api.Warning{Message: "cancelled, but " + summary(err)})
	}
}

func saysCommandsEnded(err error) bool {
	var cancelled *temporal.CanceledError
	var what string
	return errors.As(err, &cancelled) && cancelled.HasDetails() && cancelled.Details(&what) == nil && what == agents.CommandsEnded
}

// stageFault joins the failures of a group's nodes; nil when every node succeeded.
func stageFault(clusterID, service string, results []agents.StageResult) error {
	var failures []agents.NodeFailure
	failed := 0
	for _, r := range results {
		failed += r.Failed
		failures = append(failures, r.Failures...)
	}
	if failed == 0 {
		return nil
	}
	slices.SortStableFunc(failures, agents.UnknownFirst)
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
