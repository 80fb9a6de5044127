package client

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"drover/workflows/api"
)

const cluster = "cl-a1b2c3d4"

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// newClient is a Client over a mock of Temporal; expectations are checked at the end.
func newClient(t *testing.T) (*mocks.Client, *Client) {
	t.Helper()
	c := mocks.NewClient(t)
	return c, &Client{Temporal: c, Now: func() time.Time { return now }, Poll: time.Millisecond}
}

// workers makes n workers poll.
func workers(c *mocks.Client, n int) {
	answer := &workflowservice.DescribeTaskQueueResponse{}
	for range n {
		answer.Pollers = append(answer.Pollers, &taskqueue.PollerInfo{Identity: "worker"})
	}
	c.On("DescribeTaskQueue", mock.Anything, api.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW).Return(answer, nil).Maybe()
}

// run is a workflow run that ends as told.
func run(t *testing.T, id string, result any, err error) *mocks.WorkflowRun {
	t.Helper()
	r := mocks.NewWorkflowRun(t)
	r.On("GetRunID").Return(id).Maybe()
	r.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		if err == nil && args.Get(1) != nil {
			decode(t, result, args.Get(1))
		}
	}).Return(crossed(err)).Maybe()
	return r
}

// crossed does what crossing Temporal does to an error.
func crossed(err error) error {
	if !ended(err) {
		return err
	}
	failures := temporal.GetDefaultFailureConverter()
	return failures.FailureToError(failures.ErrorToFailure(err))
}

// decode does what crossing Temporal does to a value.
func decode(t *testing.T, from, to any) {
	t.Helper()
	payload, err := converter.GetDefaultDataConverter().ToPayload(from)
	if err == nil {
		err = converter.GetDefaultDataConverter().FromPayload(payload, to)
	}
	if err != nil {
		t.Error(err)
	}
}

// described is a run as DescribeWorkflowExecution shows it.
func described(status enums.WorkflowExecutionStatus, runID, firstRunID string) *workflowservice.DescribeWorkflowExecutionResponse {
	info := &workflow.WorkflowExecutionInfo{
		Execution:  &common.WorkflowExecution{WorkflowId: api.WorkflowID(cluster), RunId: runID},
		Type:       &common.WorkflowType{Name: api.CreateCluster},
		Status:     status,
		FirstRunId: firstRunID,
		StartTime:  timestamppb.New(now.Add(-2 * time.Minute)),
	}
	if status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		info.CloseTime = timestamppb.New(now.Add(-time.Minute))
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}
}

// answers makes the progress query give p, or fail when p is nil.
func answers(t *testing.T, c *mocks.Client, p *api.Progress) {
	t.Helper()
	call := c.On("QueryWorkflow", mock.Anything, api.WorkflowID(cluster), mock.Anything, api.QueryProgress)
	if p == nil {
		call.Return(nil, serviceerror.NewDeadlineExceeded("no poller")).Maybe()
		return
	}
	value := mocks.NewEncodedValue(t)
	value.On("Get", mock.Anything).Run(func(args mock.Arguments) { decode(t, p, args.Get(0)) }).Return(nil).Maybe()
	call.Return(value, nil).Maybe()
}

var errDown = errors.New("down")
