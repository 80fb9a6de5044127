package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// RunService runs a custom service of a package, or backup or restore, by hand.
func RunService(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.RunServiceInput
	op, err := open(ctx, api.RunService, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Service: &in}, func() error { return op.runService(in) })
}

// runService is RV1: the service on the nodes its selector names, else those the request names, else as
// nodes_to_execute_on says. Its parameters are one quoted JSON argument (S7).
func (op *operation) runService(in api.RunServiceInput) error {
	op.params = op.begun.Params
	nodes := []string{}
	for _, role := range op.view.Roles {
		service, ok := role.Service(in.Service)
		if !ok || role.NoAgent || in.Role != nil && role.Name != *in.Role {
			continue
		}
		chosen := lifecycle.IDsOf(role.Nodes)
		if len(in.Nodes) > 0 {
			chosen = lifecycle.Common(chosen, in.Nodes)
		}
		if service.HasSelector && len(in.Nodes) == 0 && len(chosen) > 0 {
			if err := op.step(api.PlanStep{ID: "RV1", Words: "select the nodes of " + in.Service, Asks: in.Service}, 1, 0, func(ctx workflow.Context) error {
				selected, err := op.ask(ctx, "RV1", role, in.Service, true, chosen)
				chosen = selected
				return err
			}); err != nil {
				return err
			}
		}
		nodes = append(nodes, chosen...)
	}
	return op.stage("RV1", in.Service, nil, lifecycle.Only(nodes))
}
