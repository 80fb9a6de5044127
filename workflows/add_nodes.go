package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/publish"
	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// AddNodes adds nodes to a role of a cluster, and the replicas that belong to them.
func AddNodes(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.AddNodesInput
	op, err := open(ctx, api.AddNodes, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Add: &in}, func() error {
		return op.addNodes(op.begun.Added)
	})
}

// addNodes is the procedure: AN0 to AN7. The control record knows the new nodes already; nobody else does.
func (op *operation) addNodes(added []string) error {
	isNew, isOld := lifecycle.Only(added), lifecycle.Except(added)
	newAgents, oldAgents, allAgents := op.view.AgentIDs(isNew), op.view.AgentIDs(isOld), op.view.AgentIDs(nil)
	none := []string{}

	// Undo, up to AN5: the new nodes go, /hosts and /adding-hosts are clean, the existing nodes know.
	remove := publish.Change{Remove: added, Adding: &none}
	op.onUndo("AN2", "remove the new nodes from metadata", func(ctx workflow.Context) error {
		return op.settle(ctx, "AN2", &remove, oldAgents)
	})

	// AN0: scale_out.pre_check on existing nodes; non-zero refuses, nothing is created.
	if err := op.preCheck("AN0", lifecycle.ServiceScaleOut, nil, isOld); err != nil {
		return err
	}

	// AN1: resources for the new nodes.
	op.onUndo("AN1", "release the resources of the new nodes", func(ctx workflow.Context) error {
		return op.releaseLast(ctx, added, &remove)
	})
	if err := op.step(api.PlanStep{ID: "AN1", Words: "prepare resources for new nodes"}, len(added), 0, func(ctx workflow.Context) error {
		return op.provision(ctx, added)
	}); err != nil {
		return err
	}

	// AN2: register them in /hosts and /adding-hosts, one revision.
	if err := op.step(api.PlanStep{ID: "AN2", Words: "register the new nodes in /hosts and /adding-hosts"}, len(added), 0, func(ctx workflow.Context) error {
		return op.publish(ctx, &publish.Change{Adding: &added})
	}); err != nil {
		return err
	}

	// AN3: barrier on the existing nodes.
	if err := op.step(api.PlanStep{ID: "AN3", Words: "existing nodes update their configuration"}, len(oldAgents), op.barrier, func(ctx workflow.Context) error {
		return op.barrierOn(ctx, "AN3", oldAgents)
	}); err != nil {
		return err
	}

	// AN4: agent on the new nodes, barrier on them.
	if err := op.step(api.PlanStep{ID: "AN4", Words: "start the agent on the new nodes"}, len(newAgents), op.barrier, func(ctx workflow.Context) error {
		return op.startAgents(ctx, "AN4", newAgents)
	}); err != nil {
		return err
	}

	// AN5: init(pre), custom_metadata, start, init(post) on new nodes only.
	if err := op.initAndStart("AN5", isNew); err != nil {
		return err
	}

	// From here on the new nodes hold data: they stay, whatever happens. Only /adding-hosts goes.
	op.keep("AN7", "delete the content of /adding-hosts", func(ctx workflow.Context) error {
		return op.settle(ctx, "AN7", &publish.Change{Adding: &none}, allAgents)
	})

	// AN6: scale_out on existing nodes of every role that defines it.
	if err := op.run("AN6", lifecycle.ServiceScaleOut, nil, isOld); err != nil {
		return err
	}

	// AN7: remove /adding-hosts; barrier on all.
	return op.step(api.PlanStep{ID: "AN7", Words: "delete the content of /adding-hosts"}, len(allAgents), op.barrier, func(ctx workflow.Context) error {
		if err := op.publish(ctx, &publish.Change{Adding: &none}); err != nil {
			return err
		}
		op.settled()
		return op.barrierOn(ctx, "AN7", allAgents)
	})
}
