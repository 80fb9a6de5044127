package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/workflows/api"
)

// UpdateEnv changes env parameters of a cluster; nodes apply them by their templates and reload commands.
func UpdateEnv(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.UpdateEnvInput
	op, err := open(ctx, api.UpdateEnv, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Env: &in}, func() error { return op.updateEnv(in.Values) })
}

// updateEnv is UE1 and UE2.
func (op *operation) updateEnv(values map[string]any) error {
	all := op.view.AgentIDs(nil)

	// UE1: publish the changed values, endpoints that refer to them included.
	if err := op.step(api.PlanStep{ID: "UE1", Words: "publish the changed parameters"}, 0, 0, func(ctx workflow.Context) error {
		return op.revise(ctx, activities.PublishEnv, func(next int64) any {
			return publish.EnvInput{ClusterID: op.clusterID, Seq: op.view.Seq, Revision: next, Values: values}
		})
	}); err != nil {
		return err
	}

	// UE2: barrier: templates rendered, reload commands ended. Machines that are off do so when they start.
	if op.view.PoweredOff {
		op.skip("UE2", "all nodes update their configuration", "the machines are off")
		return nil
	}
	return op.step(api.PlanStep{ID: "UE2", Words: "all nodes update their configuration"}, len(all), op.barrier, func(ctx workflow.Context) error {
		return op.barrierOn(ctx, "UE2", all)
	})
}
