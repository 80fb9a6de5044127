package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// CreateCluster makes a cluster of a published application. Its workflow id, cluster/<id>, names the new cluster.
func CreateCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.CreateClusterInput
	op, err := open(ctx, api.CreateCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	op.keepsFailed = in.OnFailure == api.OnFailureKeep
	if err := op.prepareCreate(in); err != nil {
		return api.OperationResult{}, op.finish(err)
	}
	if err := op.perform(in.DryRun, op.createCluster); err != nil {
		return api.OperationResult{}, op.finish(op.createFailed(in, err))
	}
	if in.DryRun {
		return op.planned(), nil
	}
	if err := op.close(api.OpSucceeded, lifecycle.Active, nil); err != nil {
		return api.OperationResult{}, op.finish(err)
	}
	return op.result(lifecycle.Active), op.finish(nil)
}

// createCluster is the procedure: CC1 to CC4.
func (op *operation) createCluster() error {
	nodes, agents := op.view.NodeIDs(), op.view.AgentIDs(nil)

	// CC1: resources for all nodes (instance, volumes, network), concurrently. The control record exists already.
	op.onUndoLast("CC2", "deregister the cluster from metadata", op.deregister)
	op.onUndo("CC1", "release the resources of all nodes", op.release)
	if err := op.step(api.PlanStep{ID: "CC1", Words: "prepare resources"}, len(nodes), 0, func(ctx workflow.Context) error {
		return op.provision(ctx, nodes)
	}); err != nil {
		return err
	}

	// CC2: register the whole cluster in metadata, one revision.
	if err := op.step(api.PlanStep{ID: "CC2", Words: "register cluster info to metadata"}, 0, 0, func(ctx workflow.Context) error {
		return op.publish(ctx, nil)
	}); err != nil {
		return err
	}

	// CC3: start the agent on all nodes; barrier on all.
	if err := op.step(api.PlanStep{ID: "CC3", Words: "start the agent on all nodes"}, len(agents), op.barrier, func(ctx workflow.Context) error {
		return op.startAgents(ctx, "CC3", agents)
	}); err != nil {
		return err
	}

	// CC4: init of the roles that run it before start; custom_metadata; start; init of the roles that run it after.
	return op.initAndStart("CC4", nil)
}

// initAndStart is CC4 and AN5: init of the roles that run it before start; custom_metadata; start; init of the others.
func (op *operation) initAndStart(id string, among lifecycle.Among) error {
	if err := op.stage(id, lifecycle.ServiceInit, lifecycle.BeforeStart, among); err != nil {
		return err
	}
	if err := op.customMetadata(id, among); err != nil {
		return err
	}
	if err := op.stage(id, lifecycle.ServiceStart, nil, among); err != nil {
		return err
	}
	return op.stage(id, lifecycle.ServiceInit, lifecycle.AfterStart, among)
}

// customMetadata runs custom_metadata of the roles that have it, registers what it printed as the nodes' tokens, and
// waits until every node of the cluster knows them.
func (op *operation) customMetadata(id string, among lifecycle.Among) error {
	if len(op.view.Stage(lifecycle.ServiceCustomMetadata, lifecycle.Command, nil, among).Groups) == 0 {
		return nil
	}
	if err := op.stage(id, lifecycle.ServiceCustomMetadata, nil, among); err != nil {
		return err
	}
	nodes := op.view.AgentIDs(nil)
	return op.step(api.PlanStep{ID: id, Words: "register custom metadata"}, len(nodes), op.barrier, func(ctx workflow.Context) error {
		if err := op.publish(ctx, nil); err != nil {
			return err
		}
		return op.barrierOn(ctx, id, nodes)
	})
}

// prepareCreate checks the request and writes the control record with every id the cluster will need. Short and not
// cancellable, so that it is never half done.
func (op *operation) prepareCreate(in api.CreateClusterInput) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	var view lifecycle.View
	err := op.call(ctx, quick("check the request and choose ids"), activities.PrepareCreate, records.PrepareCreateInput{
		ClusterID: op.clusterID, RunID: op.runID, Create: in,
	}, &view)
	if err != nil && !in.DryRun {
		return undone(err, op.abandon(ctx))
	}
	op.seen(view)
	return err
}

// createFailed takes everything back, or keeps it for inspection when the request said so and nobody cancelled.
func (op *operation) createFailed(in api.CreateClusterInput, cause error) error {
	if in.OnFailure == api.OnFailureKeep && !temporal.IsCanceledError(cause) {
		if err := op.close(api.OpFailed, lifecycle.Failed, cause); err != nil {
			return undone(cause, err)
		}
		f := faultOf(cause)
		if f.Hint == "" {
			f.Hint = "everything is kept for inspection; release it with: drover delete " + op.clusterID
		}
		return f
	}
	failed := op.undoAll(cause)
	if failed != nil {
		if err := op.close(outcomeOf(cause), lifecycle.Failed, undone(cause, failed)); err != nil {
			failed = undone(failed, err)
		}
	}
	return undone(cause, failed)
}
