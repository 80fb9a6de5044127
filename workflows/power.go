package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/machines"
	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// StartCluster boots the machines of a stopped cluster and starts its services.
func StartCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.StartClusterInput
	op, err := open(ctx, api.StartCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(records.BeginInput{DryRun: in.DryRun}, op.startCluster)
}

// startCluster is ST1 to ST3.
func (op *operation) startCluster() error {
	nodes, all := op.view.NodeIDs(), op.view.AgentIDs(nil)

	op.onUndo("ST2", "register the machines there are", func(ctx workflow.Context) error { return op.publish(ctx, nil) })

	// ST1: boot. Nodes whose role has no user_access get a fresh root disk, and with it a new machine. A machine that
	// runs stays as it is, also one the operation before left running.
	if err := op.step(api.PlanStep{ID: "ST1", Words: "boot all nodes"}, len(nodes), 0, func(ctx workflow.Context) error {
		if op.view.PoweredOff {
			if err := op.replace(ctx, machines.FreshRoot, nodes); err != nil {
				return err
			}
		}
		return op.power(ctx, true, nodes)
	}); err != nil {
		return err
	}

	// ST2: the machines' new ids and host keys, agent on all nodes, barrier.
	if err := op.step(api.PlanStep{ID: "ST2", Words: "start the agent on all nodes"}, len(all), op.barrier, func(ctx workflow.Context) error {
		op.poweredOff = new(bool)
		if err := op.publish(ctx, nil); err != nil {
			return err
		}
		op.settled()
		return op.startAgents(ctx, "ST2", all)
	}); err != nil {
		return err
	}

	// ST3: start by order.
	if err := op.stage("ST3", lifecycle.ServiceStart, nil, nil); err != nil {
		return err
	}
	if !op.planning {
		op.state = lifecycle.Active
	}
	return nil
}

// StopCluster stops the services of a cluster and switches its machines off; volumes are kept.
func StopCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.StopClusterInput
	op, err := open(ctx, api.StopCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	return op.onCluster(records.BeginInput{DryRun: in.DryRun}, op.stopCluster)
}

// stopCluster is SP1 and SP2.
func (op *operation) stopCluster() error {
	nodes := op.view.NodeIDs()

	// SP1: stop by order.
	if err := op.stopAll("SP1", false); err != nil {
		return err
	}

	// SP2: power off.
	return op.step(api.PlanStep{ID: "SP2", Words: "power off all nodes"}, len(nodes), 0, func(ctx workflow.Context) error {
		off := true
		op.state, op.poweredOff = lifecycle.Stopped, &off
		return op.power(ctx, false, nodes)
	})
}

// RestartCluster restarts the services of a cluster, or of one role.
func RestartCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.RestartClusterInput
	op, err := open(ctx, api.RestartCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Restart: &in}, func() error { return op.restartCluster(in.Role) })
}

// restartCluster is RS1 to RS3: restart of the roles that define it; stop, then start, of the others.
func (op *operation) restartCluster(role *string) error {
	wanted := func(r lifecycle.RoleView) bool { return role == nil || r.Master() == *role || r.Name == *role }
	restarts := op.view.Among(func(r lifecycle.RoleView) bool {
		_, ok := r.Service(lifecycle.ServiceRestart)
		return wanted(r) && ok
	})
	others := op.view.Among(func(r lifecycle.RoleView) bool {
		_, ok := r.Service(lifecycle.ServiceRestart)
		return wanted(r) && !ok
	})

	// RS1: restart. From here to the end of RS3 nobody knows that all services run.
	if !op.planning {
		op.state = lifecycle.Stopped
	}
	if err := op.stage("RS1", lifecycle.ServiceRestart, nil, restarts); err != nil {
		return err
	}
	// RS2: stop.
	if err := op.stage("RS2", lifecycle.ServiceStop, nil, others); err != nil {
		return err
	}
	// RS3: start.
	if err := op.stage("RS3", lifecycle.ServiceStart, nil, others); err != nil {
		return err
	}
	if !op.planning {
		op.state = lifecycle.Active
	}
	return nil
}
