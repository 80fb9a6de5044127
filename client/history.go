package client

import (
	"context"
	"fmt"
	"sync"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"drover/workflows/api"
)

// History lists the operations of a cluster, newest first, at most limit, from Temporal's visibility: it lags some
// seconds behind and reaches back as far as the namespace keeps closed workflows. Dry runs and refusals are listed with
// all alone.
func (c *Client) History(ctx context.Context, clusterID string, limit int, all bool) ([]Operation, error) {
	query := fmt.Sprintf("WorkflowId = '%s'", api.WorkflowID(clusterID))
	if all {
		query += fmt.Sprintf(" OR WorkflowId STARTS_WITH '%s'", api.PlansOf(clusterID))
	}
	return c.list(ctx, clusterID, query, limit, all)
}

// list reads the runs of a query, newest first.
func (c *Client) list(ctx context.Context, clusterID, query string, limit int, all bool) ([]Operation, error) {
	out := []Operation{}
	var page []byte
	for len(out) < limit {
		answer, err := c.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query:         query,
			PageSize:      int32(min(max(limit, 10), 100)),
			NextPageToken: page,
		})
		if err != nil {
			return nil, serviceFault(ctx, err, "cannot list the operations of %s", clusterID)
		}
		for _, info := range answer.GetExecutions() {
			if len(out) == limit {
				break
			}
			if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
				continue // its successor in the chain has the result of the operation
			}
			op, err := c.past(ctx, clusterID, info)
			if err != nil {
				return nil, err
			}
			if all || !op.Idle() {
				out = append(out, *op)
			}
		}
		if page = answer.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	return out, nil
}

// past reads one run: visibility knows how it ended, its history why.
func (c *Client) past(ctx context.Context, clusterID string, info *workflow.WorkflowExecutionInfo) (*Operation, error) {
	op := &Operation{
		ClusterID:  clusterID,
		Type:       info.GetType().GetName(),
		WorkflowID: info.GetExecution().GetWorkflowId(),
		RunID:      info.GetExecution().GetRunId(),
		State:      stateOf(info.GetStatus()),
		StartedAt:  info.GetStartTime().AsTime(),
	}
	_, op.DryRun = clusterOf(op.WorkflowID)
	op.By, _ = c.memo(info, api.MemoBy)
	op.What, _ = c.memo(info, api.MemoWhat)
	if info.GetCloseTime() != nil {
		op.EndedAt = info.GetCloseTime().AsTime()
	}
	if skipped := info.GetMemo().GetFields()[api.MemoSkipped]; skipped != nil {
		payloads, _ := c.converters()
		if err := payloads.FromPayload(skipped, &op.Skipped); err != nil {
			op.Skipped = []string{"the skipped steps are encrypted with an unknown payload key"}
		}
	}
	if op.Running() {
		return op, nil
	}
	if op.Type == api.ExecCommand {
		return op, c.settleExec(ctx, op)
	}
	return op, c.settle(ctx, op)
}

// Detail adds what only a worker knows of operations: their numbers and steps. Those it does not answer for stay as they are.
func (c *Client) Detail(ctx context.Context, ops []Operation) {
	if c.NeedWorker(ctx) != nil {
		return
	}
	var asking sync.WaitGroup
	slots := make(chan struct{}, askedAtOnce)
	for i := range ops {
		if ops[i].Idle() || ops[i].Type == api.ExecCommand {
			continue
		}
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			if p, err := c.progress(ctx, ops[i].WorkflowID, ops[i].RunID); err == nil {
				ops[i].Progress, ops[i].Number = p, p.Number
			}
		})
	}
	asking.Wait()
}
