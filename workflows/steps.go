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

// step walks one documented step: it is written down when planning, and done for real otherwise.
func (op *operation) step(s api.PlanStep, nodes int, limit time.Duration, do func(workflow.Context) error) error {
	if op.planning {
		op.plan.Steps = append(op.plan.Steps, s)
		return nil
	}
	if err := op.ctx.Err(); err != nil {
		return err
	}
	traced := s
	traced.Commands = slices.Clone(s.Commands)
	op.trace.Steps = append(op.trace.Steps, traced)
	op.progress.begin(&op.progress.Steps, s.ID, s.Words, nodes, limit)
	err := do(op.ctx)
	op.progress.finish(&op.progress.Steps, api.StepDone, err)
	return err
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
func (op *operation) stage(id, service string, phase lifecycle.Phase, among func(lifecycle.NodeRef) bool) error {
	for _, kind := range []lifecycle.Kind{lifecycle.PreCheck, lifecycle.Command} {
		for _, group := range op.view.Stage(service, kind, phase, among).Groups {
			if err := op.group(id, service, kind, group); err != nil {
				return err
			}
		}
	}
	return nil
}

// group runs one order group: all of its nodes at the same time (S2), to the end on every node (S6).
func (op *operation) group(id, service string, kind lifecycle.Kind, group lifecycle.Group) error {
	words := fmt.Sprintf("%s, order %d", service, group.Order)
	if kind == lifecycle.PreCheck {
		words = fmt.Sprintf("%s pre_check, order %d", service, group.Order)
	}
	s := api.PlanStep{ID: id, Words: words}
	for _, run := range group.Runs {
		s.Commands = append(s.Commands, api.PlanCommand{
			Role: run.Role, Service: service, Order: group.Order, SIDs: lifecycle.SIDs(run.Nodes), Nodes: len(run.Nodes), Cmd: run.Cmd, Timeout: run.Timeout,
		})
	}
	ids := group.NodeIDs()
	limit := time.Duration(group.Timeout()) * time.Second
	return op.step(s, len(ids), limit, func(ctx workflow.Context) error {
		results, err := inBatches[activities.StageResult](op, ctx, ids, func(nodes []string) (workflow.ActivityOptions, string, any) {
			summary := fmt.Sprintf("%s on %d nodes", words, len(nodes))
			return long(summary, limit), activities.RunStage, activities.StageInput{
				ClusterID: op.clusterID, Seq: op.view.Seq, Step: id, Service: service, Kind: kind, Nodes: nodes,
			}
		})
		if err != nil {
			return err
		}
		return stageFault(op.clusterID, service, results)
	})
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
	var futures []workflow.Future
	for batch := range slices.Chunk(nodes, nodesPerActivity) {
		options, activity, input := call(batch)
		futures = append(futures, op.start(ctx, options, activity, input))
	}
	results := make([]R, len(futures))
	var first error
	for i, f := range futures {
		if err := f.Get(ctx, &results[i]); err != nil && first == nil {
			first = err
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

// publish makes the next revision of the cluster's metadata visible.
func (op *operation) publish(ctx workflow.Context) error {
	next := op.view.Revision + 1
	err := op.call(ctx, quick(fmt.Sprintf("publish revision %d", next)), activities.Publish, activities.PublishInput{
		ClusterID: op.clusterID, Seq: op.view.Seq, Revision: next,
	}, nil)
	if err == nil {
		op.view.Revision = next
	}
	return err
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

// release gives back every resource of the cluster.
func (op *operation) release(ctx workflow.Context) error {
	return op.call(ctx, provisioning("release the resources of "+op.clusterID), activities.Release,
		activities.ReleaseInput{ClusterID: op.clusterID}, nil)
}

// deregister removes all metadata of the cluster; nothing is known of it afterwards.
func (op *operation) deregister(ctx workflow.Context) error {
	return op.call(ctx, patient("deregister "+op.clusterID), activities.Deregister,
		activities.DeregisterInput{ClusterID: op.clusterID}, nil)
}
