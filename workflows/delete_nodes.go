package workflows

import (
	"errors"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/publish"
	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// DeleteNodes takes named nodes out of a cluster.
func DeleteNodes(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.DeleteNodesInput
	op, err := open(ctx, api.DeleteNodes, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Remove: &in}, func() error {
		return op.deleteNodes(in.Nodes, in.Force)
	})
}

// deleteNodes is the procedure: DN1 to DN12.
func (op *operation) deleteNodes(targets []string, force bool) error {
	leaving, remaining := lifecycle.Only(targets), lifecycle.Except(targets)
	all, stay := op.view.AgentIDs(nil), op.view.AgentIDs(remaining)
	none := []string{}

	// DN1: register the targets in /deleting-hosts; they stay in /hosts. However the operation ends, it is empty again.
	op.onUndo("DN1", "delete the content of /deleting-hosts", func(ctx workflow.Context) error {
		return op.settle(ctx, "DN1", &publish.Change{Deleting: &none}, all)
	})
	if err := op.step(api.PlanStep{ID: "DN1", Words: "register the nodes to be deleted in /deleting-hosts"}, len(targets), 0, func(ctx workflow.Context) error {
		return op.publish(ctx, &publish.Change{Deleting: &targets})
	}); err != nil {
		return err
	}

	// DN2: barrier on all nodes, leaving ones too.
	if err := op.step(api.PlanStep{ID: "DN2", Words: "all nodes update their configuration"}, len(all), op.barrier, func(ctx workflow.Context) error {
		return op.barrierOn(ctx, "DN2", all)
	}); err != nil {
		return err
	}

	// DN2b: scale_in.pre_check on remaining nodes.
	if err := op.preCheck("DN2b", lifecycle.ServiceScaleIn, nil, remaining); err != nil {
		return err
	}

	// DN3, DN5: which branch? DN7, DN8: destroy(pre) on leaving nodes; a refusal ends it with nothing stopped.
	branch := op.leaveBranch(leaving)
	if err := op.guard("DN7", lifecycle.BeforeStop, leaving, force); err != nil {
		return err
	}

	// DN4, DN6, DN9: scale_in on remaining nodes of every role that defines it. A failure always blocks the release.
	if err := op.run(branch, lifecycle.ServiceScaleIn, nil, remaining); err != nil {
		return err
	}

	// DN4, DN6, DN9: stop on leaving nodes. Should they stay all the same, they are started again.
	if len(op.view.Stage(lifecycle.ServiceStop, lifecycle.Command, nil, leaving).Groups) > 0 {
		op.keep("DN1", "delete the content of /deleting-hosts, start the nodes again", func(ctx workflow.Context) error {
			err := errors.Join(
				op.settle(ctx, "DN1", &publish.Change{Deleting: &none}, all),
				op.serveAgain(ctx, branch, leaving))
			if err != nil {
				op.state = lifecycle.Stopped
			}
			return err
		})
	}
	if err := op.forced(branch, force, func() error { return op.stage(branch, lifecycle.ServiceStop, nil, leaving) }); err != nil {
		return err
	}

	// DN6: destroy(post) on leaving nodes.
	if err := op.guard("DN6", lifecycle.AfterStop, leaving, force); err != nil {
		return err
	}

	// DN10: release the leaving nodes' resources. From here on they leave, whatever happens.
	drop := publish.Change{Remove: targets, Deleting: &none}
	if err := op.noReturn(); err != nil {
		return err
	}
	op.onUndo("DN11", "deregister the nodes from /hosts and /deleting-hosts", func(ctx workflow.Context) error {
		return op.settle(ctx, "DN11", &drop, stay)
	})
	if err := op.step(api.PlanStep{ID: "DN10", Words: "delete the resources of the nodes"}, len(targets), 0, func(ctx workflow.Context) error {
		return op.releaseLast(ctx, targets, &drop)
	}); err != nil {
		return err
	}

	// DN11: drop them from /hosts and /deleting-hosts, one revision.
	if err := op.step(api.PlanStep{ID: "DN11", Words: "deregister the nodes from /hosts and /deleting-hosts"}, len(targets), 0, func(ctx workflow.Context) error {
		return op.publish(ctx, &drop)
	}); err != nil {
		return err
	}
	op.settled()
	op.without(targets)

	// DN12: barrier on the remaining nodes.
	return op.step(api.PlanStep{ID: "DN12", Words: "remaining nodes update their configuration"}, len(stay), op.barrier, func(ctx workflow.Context) error {
		return op.barrierOn(ctx, "DN12", stay)
	})
}

// leaveBranch is DN3 and DN5: the step under which the leaving nodes' roles put scale_in and stop. Roles that differ
// take the branch of the first guard there is.
func (op *operation) leaveBranch(leaving lifecycle.Among) string {
	guarded := func(phase lifecycle.Phase) bool {
		return len(op.view.Stage(lifecycle.ServiceDestroy, lifecycle.Command, phase, leaving).Groups) > 0
	}
	switch {
	case guarded(lifecycle.BeforeStop):
		return "DN9"
	case guarded(lifecycle.AfterStop):
		return "DN6"
	}
	return "DN4"
}
