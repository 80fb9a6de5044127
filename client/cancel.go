package client

import (
	"context"

	"drover/fault"
)

// Cancel asks the cluster's running operation to stop and undo. It returns once Temporal has recorded the wish. After the
// operation's point of no return it is refused, with the reason.
func (c *Client) Cancel(ctx context.Context, clusterID string) (*Operation, error) {
	op, err := c.Current(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	if !op.Running() {
		return nil, fault.New(fault.Conflict, "cluster %s has no running operation; the last operation, %s, %s",
			clusterID, op.Type, Ending(op.State))
	}
	if p := op.passed(); p != nil && op.State != StateUndoing {
		return nil, fault.New(fault.NotAllowed, "%s %s can no longer be cancelled: it passed its point of no return, step %s, at %s: %s",
			op.Type, clusterID, p.Step, clock(p.PassedAt), p.Why).At(clusterID, "", "").
			WithHint("let the operation finish; %s", op.ways())
	}
	if err := c.Temporal.CancelWorkflow(ctx, op.WorkflowID, op.RunID); err != nil {
		return nil, serviceFault(ctx, err, "cannot cancel %s %s", op.Type, clusterID)
	}
	return op, nil
}

// Ending words how an operation ended: "succeeded", "failed", "was cancelled".
func Ending(state string) string {
	if state == StateSucceeded {
		return "succeeded"
	}
	return words(state)
}
