package client

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drover/fault"
	"drover/workflows/api"
)

// execMargin is how much longer than the command itself its workflow may take: waiting for workers, and for a node that is silent.
const execMargin = 15 * time.Minute

// cancelWithin is how long Temporal may take to accept a cancel of a caller that is leaving.
const cancelWithin = 5 * time.Second

// Exec runs an operator's command once on one node, also while an operation runs, and returns how it ended, with its output. By is who
// asks. The command ends when ctx does. The error is a *Failed when the command was refused or its end is unknown; an exit code
// other than 0 is not an error.
func (c *Client) Exec(ctx context.Context, in api.ExecCommandInput, by string) (*api.Executed, error) {
	if err := c.NeedWorker(ctx); err != nil {
		return nil, err
	}
	id := api.ExecID(in.ClusterID, uuid.NewString())
	what := "exec " + in.Node + ": " + in.Line()
	run, err := c.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                api.TaskQueue,
		WorkflowExecutionTimeout: in.Limit() + execMargin,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		StaticSummary:            short(what),
		Memo:                     Request{By: by, Summary: short(what)}.memo(),
	}, api.ExecCommand, in)
	if err != nil {
		return nil, serviceFault(ctx, err, "cannot start %s", api.ExecCommand)
	}
	var out api.Executed
	switch err := c.result(ctx, id, run.GetRunID(), &out); {
	case err == nil:
		return &out, nil
	case ctx.Err() != nil:
		leaving, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
		defer stop()
		if c.Temporal.CancelWorkflow(leaving, id, run.GetRunID()) != nil {
			return nil, fault.Wrap(ctx.Err(), fault.Unreachable, "the command continues on node %s until its timeout", in.Node)
		}
		return nil, ctx.Err()
	case !ended(err):
		return nil, serviceFault(ctx, err, "cannot read the result of workflow %s", id)
	default:
		state, f := closeFault(err)
		return nil, &Failed{Operation: api.ExecCommand, ClusterID: in.ClusterID, State: state, Fault: f}
	}
}

// Execs lists the commands that operators ran on nodes of a cluster, newest first, at most limit, as History lists operations.
func (c *Client) Execs(ctx context.Context, clusterID string, limit int) ([]Operation, error) {
	return c.list(ctx, clusterID, fmt.Sprintf("WorkflowId STARTS_WITH '%s'", api.ExecsOf(clusterID)), limit, false)
}

// settleExec fills in how an operator's command ended.
func (c *Client) settleExec(ctx context.Context, op *Operation) error {
	var out api.Executed
	err := c.Temporal.GetWorkflow(ctx, op.WorkflowID, op.RunID).Get(ctx, &out)
	switch {
	case err != nil && !ended(err):
		return serviceFault(ctx, err, "cannot read the result of %s %s", op.Type, op.ClusterID)
	case err != nil:
		op.State, op.Error = closeFault(err)
	case !out.OK():
		op.State, op.Error = StateFailed, fault.New(fault.CommandFailed, "%s", out.Ending()).At(op.ClusterID, out.NodeID, "")
		op.Error.ExitCode = out.ExitCode
	}
	return nil
}
