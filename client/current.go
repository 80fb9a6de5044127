package client

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"drover/fault"
	"drover/workflows/api"
)

// Current is the cluster's running operation, or how the last one ended; dry runs and refusals are passed over. NotFound:
// none was ever started, or its history is past the namespace's retention.
func (c *Client) Current(ctx context.Context, clusterID string) (*Operation, error) {
	latest, err := c.Latest(ctx, clusterID)
	if err != nil || !latest.Idle() {
		return latest, err
	}
	before, err := c.History(ctx, clusterID, 1, false)
	if err != nil {
		return nil, err
	}
	if len(before) == 0 {
		return nil, unknown(clusterID)
	}
	return c.look(ctx, clusterID, before[0].RunID)
}

// Latest is the run that was started last under the cluster's workflow id, be it an operation or not.
func (c *Client) Latest(ctx context.Context, clusterID string) (*Operation, error) {
	return c.look(ctx, clusterID, "")
}

func unknown(clusterID string) error {
	return fault.New(fault.NotFound, "no operation found for cluster %s", clusterID).
		WithHint("list the existing clusters with: drover list")
}

// look reads one run, "" the latest.
func (c *Client) look(ctx context.Context, clusterID, runID string) (*Operation, error) {
	id := api.WorkflowID(clusterID)
	answer, err := c.Temporal.DescribeWorkflowExecution(ctx, id, runID)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil, unknown(clusterID)
	}
	if err != nil {
		return nil, serviceFault(ctx, err, "cannot describe workflow %s", id)
	}
	op := c.operationOf(answer)
	switch err := c.NeedWorker(ctx); {
	case err == nil:
		op.Progress, _ = c.progress(ctx, id, op.RunID) // silence is not an error: Progress stays nil
		if op.Progress != nil {
			op.Number = op.Progress.Number
		}
	case fault.Is(err, fault.Unauthorized):
		return nil, err // without the workers' payload key nothing below could be read
	}
	if op.Running() {
		op.adopt()
		return op, nil
	}
	return op, c.settle(ctx, op)
}

// operationOf reads what the server itself knows.
func (c *Client) operationOf(answer *workflowservice.DescribeWorkflowExecutionResponse) *Operation {
	info := answer.GetWorkflowExecutionInfo()
	op := &Operation{
		Type:       info.GetType().GetName(),
		WorkflowID: info.GetExecution().GetWorkflowId(),
		RunID:      info.GetExecution().GetRunId(),
		State:      stateOf(info.GetStatus()),
		StartedAt:  info.GetStartTime().AsTime(),
	}
	if op.FirstRunID = info.GetFirstRunId(); op.FirstRunID == "" {
		op.FirstRunID = op.RunID // servers before 1.25 do not return it
	}
	op.ClusterID, op.DryRun = clusterOf(op.WorkflowID)
	op.By, _ = c.memo(info, api.MemoBy)
	op.What, _ = c.memo(info, api.MemoWhat)
	if info.GetCloseTime() != nil {
		op.EndedAt = info.GetCloseTime().AsTime()
	}
	for _, pending := range answer.GetPendingActivities() {
		activity := Activity{
			Name: pending.GetActivityType().GetName(), Attempt: int(pending.GetAttempt()), LastFailure: c.failureText(pending.GetLastFailure()),
		}
		if at := pending.GetNextAttemptScheduleTime(); at != nil {
			activity.NextAttemptAt = at.AsTime()
		}
		if details := pending.GetHeartbeatDetails(); details != nil {
			// Details of another form belong to an activity that does not work on nodes.
			payloads, _ := c.converters()
			_ = payloads.FromPayloads(details, &activity.Beat)
		}
		if op.Activities == nil {
			op.Activities = map[string]Activity{}
		}
		op.Activities[pending.GetActivityId()] = activity
	}
	return op
}

// clusterOf is the cluster that a workflow id is about, and whether it is the id of a dry run.
func clusterOf(workflowID string) (id string, dryRun bool) {
	if id, dryRun = api.PlannedCluster(workflowID); !dryRun {
		id, _ = api.ClusterIDOf(workflowID)
	}
	return id, dryRun
}

// adopt takes over from the progress what the server cannot know: that a running operation is undoing, or held, and what it
// waits for.
func (o *Operation) adopt() {
	if o.Progress != nil && (o.Progress.State == StateUndoing || o.Progress.State == StateHeld) {
		o.State = o.Progress.State
	}
	o.Waiting = o.wait()
}

// progress asks a worker for the operation's own view.
func (c *Client) progress(ctx context.Context, workflowID, runID string) (*api.Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	answer, err := c.Temporal.QueryWorkflow(ctx, workflowID, runID, api.QueryProgress)
	if err != nil {
		return nil, err
	}
	var p api.Progress
	if err := answer.Get(&p); err != nil {
		return nil, err
	}
	return &p, nil
}

// settle fills in result or error of an operation that has ended.
func (c *Client) settle(ctx context.Context, op *Operation) error {
	var result api.OperationResult
	err := c.Temporal.GetWorkflow(ctx, op.WorkflowID, op.RunID).Get(ctx, &result)
	if err != nil && !ended(err) {
		return serviceFault(ctx, err, "cannot read the result of %s %s", op.Type, op.ClusterID)
	}
	op.close(&result, err)
	return nil
}

// close records how the operation ended.
func (o *Operation) close(result *api.OperationResult, err error) {
	o.Activities, o.Waiting = nil, nil
	if err == nil {
		o.State, o.Result, o.DryRun = StateSucceeded, result, o.DryRun || result.Plan != nil
		return
	}
	o.State, o.Error = closeFault(err)
}
