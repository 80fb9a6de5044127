package client

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

// Resolve decides about the step that the cluster's running operation holds. The operation itself refuses what makes no
// sense, and says what happens next.
func (c *Client) Resolve(ctx context.Context, clusterID string, r api.Resolution) (*Operation, *api.Resolved, error) {
	op, err := c.Current(ctx, clusterID)
	if err != nil {
		return nil, nil, err
	}
	if !op.Running() {
		return nil, nil, fault.New(fault.Conflict, "cluster %s has no running operation, so no step is held; the last operation, %s, %s",
			clusterID, op.Type, Ending(op.State))
	}
	if err := c.NeedWorker(ctx); err != nil {
		return nil, nil, err
	}
	callCtx, cancel := context.WithTimeout(ctx, c.readTimeout())
	defer cancel()
	handle, err := c.Temporal.UpdateWorkflow(callCtx, client.UpdateWorkflowOptions{
		WorkflowID: op.WorkflowID, RunID: op.RunID, UpdateName: api.UpdateResolve, Args: []any{r},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	var answer api.Resolved
	if err == nil {
		err = handle.Get(callCtx, &answer)
	}
	if err == nil {
		return op, &answer, nil
	}
	if refused := (*temporal.ApplicationError)(nil); errors.As(err, &refused) {
		_, f := closeFault(err)
		return nil, nil, f
	}
	if callCtx.Err() != nil && ctx.Err() == nil {
		return nil, nil, fault.New(fault.Unreachable, "no worker answered within %s", c.readTimeout()).
			WithHint("the decision may have arrived; check with: drover status %s", clusterID)
	}
	return nil, nil, serviceFault(ctx, err, "cannot resolve %s %s", op.Type, clusterID)
}
