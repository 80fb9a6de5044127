package workflows

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/machines"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// UpgradeCluster takes a cluster to another published version of its application.
func UpgradeCluster(ctx workflow.Context, raw converter.RawValue, before handover) (api.OperationResult, error) {
	var in api.UpgradeClusterInput
	op, err := open(ctx, api.UpgradeCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	op.receive(raw, before)
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Upgrade: &in}, func() error {
		op.onUndo("UP5", "end the upgrade", func(ctx workflow.Context) error {
			return op.upgradeFailed(ctx, in.OnFailure == api.OnFailureRollback)
		})
		return op.upgradeCluster()
	})
}

// upgradeFailed is what UP5 does after a failure: the cluster goes back at once, if asked to, or stays as it is, with
// nodes told what that is.
func (op *operation) upgradeFailed(ctx workflow.Context, rollback bool) error {
	if !rollback {
		return op.publish(ctx, nil)
	}
	if err := op.rollback(ctx); err != nil {
		return errors.Join(err, op.publish(ctx, nil))
	}
	return nil
}

// upgradeCluster is the procedure: UP1 to UP5.
func (op *operation) upgradeCluster() error {
	nodes, all := op.view.NodeIDs(), op.view.AgentIDs(nil)

	// UP1 to UP4, of all nodes at once or node by node, as upgrading_policy says. UP5: any failure ends it there.
	if !op.planning {
		op.state = lifecycle.UpgradeFailed
	}
	if op.view.Sequential {
		defer func() { op.turn = nil }()
		for _, node := range op.view.UpgradeOrder() {
			op.turn = lifecycle.Only([]string{node})
			if err := op.upgradeNodes([]string{node}); err != nil {
				return err
			}
			if err := op.turnOver(); err != nil {
				return err
			}
		}
	} else if err := op.upgradeNodes(nodes); err != nil {
		return err
	}

	// UP5: every command succeeded: the way back is given up, /upgrade-audit goes.
	if err := op.noReturn(); err != nil {
		return err
	}
	finish := func(ctx workflow.Context) error {
		none := ""
		err := op.settle(ctx, "UP5", &publish.Change{UpgradeFrom: &none}, all)
		if err == nil {
			op.state = lifecycle.Active
		}
		return err
	}
	op.onUndo("UP5", "finish the upgrade", finish)
	return op.step(api.PlanStep{ID: "UP5", Words: "finish the upgrade"}, len(all), op.barrier, finish)
}

// upgradeNodes is UP1 to UP4 for some nodes: all, or the one whose turn it is.
func (op *operation) upgradeNodes(nodes []string) error {
	among := lifecycle.Only(nodes)
	agents := op.view.AgentIDs(among)
	words := " of nodes " + lifecycle.SIDs(op.view.Refs(among))

	// UP1: stop the nodes, by the version that runs on them.
	if err := op.asBefore(func() error { return op.stage("UP1", lifecycle.ServiceStop, nil, nil) }); err != nil {
		return err
	}
	if err := op.step(api.PlanStep{ID: "UP1", Words: "power off" + words}, len(nodes), 0, func(ctx workflow.Context) error {
		return op.power(ctx, false, nodes)
	}); err != nil {
		return err
	}

	// UP2: start the nodes with the image of the new version.
	if err := op.step(api.PlanStep{ID: "UP2", Words: "new image" + words}, len(nodes), 0, func(ctx workflow.Context) error {
		return op.replace(ctx, machines.NewVersion, nodes)
	}); err != nil {
		return err
	}

	// UP3: agent, /upgrade-audit/from_app_version, barrier on every node that runs.
	from := op.begun.Before.Version
	if err := op.step(api.PlanStep{ID: "UP3", Words: "start the agent" + words}, len(agents), op.barrier, func(ctx workflow.Context) error {
		if err := op.publish(ctx, &publish.Change{UpgradeFrom: &from}); err != nil {
			return err
		}
		if err := op.startAgents(ctx, "UP3", agents); err != nil {
			return err
		}
		others := op.view.AgentIDs(lifecycle.Except(nodes))
		if len(others) == 0 {
			return nil
		}
		return op.barrierOn(ctx, "UP3", others)
	}); err != nil {
		return err
	}

	// UP4: upgrade(pre), start, upgrade(post).
	if err := op.stage("UP4", lifecycle.ServiceUpgrade, lifecycle.BeforeStart, nil); err != nil {
		return err
	}
	if err := op.stage("UP4", lifecycle.ServiceStart, nil, nil); err != nil {
		return err
	}
	return op.stage("UP4", lifecycle.ServiceUpgrade, lifecycle.AfterStart, nil)
}

// asBefore runs stages with the services of the version before the upgrade.
func (op *operation) asBefore(do func() error) error {
	view := op.view
	op.view = *op.begun.Before
	op.view.Revision, op.previous = view.Revision, true
	err := do()
	view.Revision = op.view.Revision
	op.view, op.previous = view, false
	return err
}

// DowngradeCluster takes a cluster whose upgrade failed back to the version before.
func DowngradeCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.DowngradeClusterInput
	op, err := open(ctx, api.DowngradeCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(records.BeginInput{DryRun: in.DryRun}, func() error {
		op.onUndo("UP7", "register the machines there are", func(ctx workflow.Context) error { return op.publish(ctx, nil) })
		return op.downgradeCluster()
	})
}

// rollback is the downgrade an upgrade runs at once when it failed and was asked to.
func (op *operation) rollback(ctx workflow.Context) error {
	was := op.ctx
	op.ctx, op.turn = ctx, nil
	defer func() { op.ctx = was }()
	revision := op.view.Revision
	if err := op.opened(ctx, patient("choose machines for the way back"), records.BeginInput{
		ClusterID: op.clusterID, RunID: op.runID, Type: api.DowngradeCluster,
	}); err != nil {
		return err
	}
	op.view.Revision = max(revision, op.view.Revision)
	return op.downgradeCluster()
}

// downgradeCluster is the procedure: UP5 to UP8.
func (op *operation) downgradeCluster() error {
	nodes, all := op.begun.Before.NodeIDs(), op.begun.Before.AgentIDs(nil)
	none := ""

	// UP5: stop the cluster, each node by the version that runs on it. A failing stop does not bar the way back: the
	// machines go off next. On those where nothing can run there is nothing to stop.
	upgraded := slices.DeleteFunc(slices.Clone(op.begun.Upgraded), func(id string) bool { return slices.Contains(op.begun.Idle, id) })
	others := lifecycle.Except(slices.Concat(op.begun.Upgraded, op.begun.Idle))
	if err := op.forced("UP5", true, func() error {
		return op.stage("UP5", lifecycle.ServiceStop, nil, lifecycle.Only(upgraded))
	}); err != nil {
		return err
	}
	if err := op.forced("UP5", true, func() error {
		return op.asBefore(func() error {
			return op.stage("UP5", lifecycle.ServiceStop, nil, others)
		})
	}); err != nil {
		return err
	}
	if err := op.step(api.PlanStep{ID: "UP5", Words: "power off all nodes"}, len(nodes), 0, func(ctx workflow.Context) error {
		return op.power(ctx, false, nodes)
	}); err != nil {
		return err
	}

	// UP6: start the nodes with the image of the old version.
	if err := op.step(api.PlanStep{ID: "UP6", Words: "start all nodes with the image of the version before"}, len(nodes), 0, func(ctx workflow.Context) error {
		if err := op.replace(ctx, machines.PreviousVersion, nodes); err != nil {
			return err
		}
		return op.power(ctx, true, nodes)
	}); err != nil {
		return err
	}

	// UP7: agent on all nodes, barrier. The record says the old version from here on.
	if err := op.step(api.PlanStep{ID: "UP7", Words: "start the agent on all nodes"}, len(all), op.barrier, func(ctx workflow.Context) error {
		if err := op.publish(ctx, &publish.Change{UpgradeFrom: &none, Restore: true}); err != nil {
			return err
		}
		return op.startAgents(ctx, "UP7", all)
	}); err != nil {
		return err
	}

	// UP8: start by order, by the old version.
	if err := op.asBefore(func() error { return op.stage("UP8", lifecycle.ServiceStart, nil, nil) }); err != nil {
		return err
	}
	if !op.planning {
		op.state = lifecycle.Active
	}
	return nil
}
