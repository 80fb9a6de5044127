package workflows

import (
	"fmt"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// RepairCluster makes a cluster again what its control record says, without a stop: machines that are off, what nodes see,
// agents that do not run. What an operation that died has left was cleared when it began, as with every other operation.
func RepairCluster(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.RepairClusterInput
	op, err := open(ctx, api.RepairCluster, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Repair: &in}, func() error { return op.repairCluster(in.Nodes) })
}

// repairCluster is RP1 to RP5. Each step finds done what is as it should be, and stays done.
func (op *operation) repairCluster(machines []string) error {
	all, taken := op.view.AgentIDs(nil), lifecycle.Only(machines)

	publish := func(ctx workflow.Context) error {
		return op.revise(ctx, activities.Publish, func(next int64) any {
			return publish.PublishInput{ClusterID: op.clusterID, Seq: op.view.Seq, Revision: next, Whole: true}
		})
	}

	// RP1, RP2: the machines of the named nodes. Others are as they are: one that was off would run without its services.
	starts := len(machines) > 0 && op.view.State == lifecycle.Active
	if len(machines) > 0 {
		if err := op.takeMachines(machines, taken, starts, publish); err != nil {
			return err
		}
	}

	// RP3: everything that nodes see, past what somebody else wrote there.
	if err := op.step(api.PlanStep{ID: "RP3", Words: "publish everything that nodes see"}, 0, 0, publish); err != nil {
		return err
	}
	op.settled()
	if op.view.PoweredOff {
		op.skip("RP4", "start the agent on all nodes", "the machines are off")
		return nil
	}

	// RP4: agents; what runs there without an operation is ended.
	if err := op.step(api.PlanStep{ID: "RP4", Words: "start the agent on all nodes, end what runs without an operation"}, len(all), op.barrier,
		func(ctx workflow.Context) error {
			if err := op.startAgents(ctx, "RP4", all); err != nil {
				return err
			}
			_, err := inBatches[struct{}](op, ctx, all, func(batch []string) (workflow.ActivityOptions, string, any) {
				return remote(fmt.Sprintf("end stray commands on %d nodes", len(batch)), op.barrier), activities.EndStrays,
					agents.StraysInput{ClusterID: op.clusterID, Nodes: batch}
			})
			return err
		}); err != nil {
		return err
	}

	// RP5: start, where machines were taken or made, unless the cluster is stopped.
	if !starts {
		return nil
	}
	if err := op.stage("RP5", lifecycle.ServiceStart, nil, taken); err != nil {
		return err
	}
	if !op.planning {
		op.state = lifecycle.Active
	}
	return nil
}

// takeMachines is RP1 and RP2: machines are taken as they are, made where the provider has none, and booted. Where services
// start on them later, nobody knows until then that all run.
func (op *operation) takeMachines(machines []string, taken lifecycle.Among, starts bool, publish func(workflow.Context) error) error {
	if starts && !op.planning {
		op.state = lifecycle.Stopped
	}
	sids := lifecycle.SIDs(op.view.Refs(taken))
	op.onUndo("RP3", "publish the machines as they are now", publish)
	if err := op.step(api.PlanStep{ID: "RP1", Words: "take or make the machines of nodes " + sids}, len(machines), 0,
		func(ctx workflow.Context) error { return op.provision(ctx, machines) }); err != nil {
		return err
	}
	words := "boot nodes " + sids
	if op.view.PoweredOff { // those that were made just now run
		words = "power off nodes " + sids + ": the cluster was stopped"
	}
	return op.step(api.PlanStep{ID: "RP2", Words: words}, len(machines), 0, func(ctx workflow.Context) error {
		return op.power(ctx, !op.view.PoweredOff, machines)
	})
}
