package workflows

import (
	"path"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/fault"
	"drover/workflows/api"
)

// ExecCommand runs an operator's command once on one node. It is not an operation: it may run beside one, and takes no lock of the
// cluster (docs/decisions/2026-11-30-exec-beside-operations.md). A cancel ends the command on the node.
func ExecCommand(ctx workflow.Context, raw converter.RawValue) (api.Executed, error) {
	var in api.ExecCommandInput
	if err := decode(raw, &in); err != nil {
		return api.Executed{}, wire(refusal(err))
	}
	info := workflow.GetInfo(ctx)
	if late := workflow.Now(ctx).Sub(info.WorkflowStartTime); late > api.ExecFresh {
		err := fault.New(fault.NotAllowed, "no worker took the command within %s, so it was not run", api.ExecFresh).At(in.ClusterID, in.Node, "")
		return api.Executed{}, wire(refusal(err))
	}
	task := agents.ExecInput{ExecCommandInput: in, RunID: info.FirstRunID}
	var out api.Executed
	err := alone(ctx, remote("run "+path.Base(in.Command[0])+" on "+in.Node, in.Limit()), nameOf(doAgents.ExecCommand), task).Get(ctx, &out)
	if err = ended(err); temporal.IsCanceledError(err) && !commandsEnded(err) {
		clean, done := workflow.NewDisconnectedContext(ctx)
		defer done()
		// Where the node does not answer, the command ends at its time limit at the latest.
		_ = alone(clean, stopping("end the command on "+in.Node), nameOf(doAgents.EndCommands), task.Stage()).Get(clean, nil)
	}
	if err != nil {
		return api.Executed{}, wire(refusal(err))
	}
	return out, nil
}

// alone starts an activity that belongs to no operation.
func alone(ctx workflow.Context, o workflow.ActivityOptions, activity string, in any) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), activity, in)
}
