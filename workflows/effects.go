package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/machines"
	"drover/activities/publish"
	"drover/workflows/api"
)

// provision makes the resources of nodes.
func (op *operation) provision(ctx workflow.Context, nodes []string) error {
	_, err := inBatches[struct{}](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return provisioning(fmt.Sprintf("make %d machines", len(batch))), activities.Provision,
			machines.NodesInput{ClusterID: op.clusterID, Nodes: batch}
	})
	return err
}

// machines changes machines of nodes by one of the activities that take them in batches.
func (op *operation) machines(ctx workflow.Context, words, activity string, nodes []string, input func(machines.NodesInput) any) error {
	_, err := inBatches[struct{}](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return provisioning(fmt.Sprintf("%s of %d nodes", words, len(batch))), activity,
			input(machines.NodesInput{ClusterID: op.clusterID, Nodes: batch})
	})
	return err
}

// power switches machines on or off.
func (op *operation) power(ctx workflow.Context, on bool, nodes []string) error {
	words := "power off"
	if on {
		words = "power on"
	}
	return op.machines(ctx, words, activities.Power, nodes, func(in machines.NodesInput) any {
		return machines.PowerInput{NodesInput: in, On: on}
	})
}

// replace gives nodes a new machine.
func (op *operation) replace(ctx workflow.Context, to machines.Image, nodes []string) error {
	return op.machines(ctx, "new machines", activities.Replace, nodes, func(in machines.NodesInput) any {
		return machines.ReplaceInput{NodesInput: in, To: to}
	})
}

// releaseNodes gives back the resources of nodes; what cannot be given back goes to the orphan ledger and is told.
func (op *operation) releaseNodes(ctx workflow.Context, nodes []string) error {
	results, err := inBatches[machines.ReleaseResult](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		o := provisioning(fmt.Sprintf("release %d nodes", len(batch)))
		return o, activities.ReleaseNodes, machines.ReleaseNodesInput{
			NodesInput: machines.NodesInput{ClusterID: op.clusterID, Nodes: batch}, Attempts: o.RetryPolicy.MaximumAttempts,
		}
	})
	for _, r := range results {
		op.leaves(ctx, r.Orphans)
	}
	return err
}

// publish changes the control record (nil: not) and makes the next revision of the cluster's metadata visible.
func (op *operation) publish(ctx workflow.Context, change *publish.Change) error {
	return op.revise(ctx, activities.Publish, func(next int64) any {
		return publish.PublishInput{ClusterID: op.clusterID, Seq: op.view.Seq, Revision: next, Change: change}
	})
}

// releaseLast releases nodes that are dropped from the record by the change that comes next, whatever happens: resources
// that may be left go to the orphan ledger.
func (op *operation) releaseLast(ctx workflow.Context, nodes []string, drop *publish.Change) error {
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
func (op *operation) settle(ctx workflow.Context, id string, change *publish.Change, nodes []string) error {
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
	results, err := inBatches[agents.BarrierResult](op, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return remote(fmt.Sprintf("%s on %d nodes, revision %d", words, len(batch), op.view.Revision), op.barrier), activity,
			agents.BarrierInput{
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
	var result machines.ReleaseResult
	err := op.call(ctx, provisioning("release the resources of "+op.clusterID), activities.Release,
		machines.ReleaseInput{ClusterID: op.clusterID}, &result)
	op.leaves(ctx, result.Orphans)
	return err
}

// deregister removes all metadata of the cluster; nothing is known of it afterwards.
func (op *operation) deregister(ctx workflow.Context) error {
	return op.call(ctx, patient("deregister "+op.clusterID), activities.Deregister,
		publish.DeregisterInput{ClusterID: op.clusterID}, nil)
}
