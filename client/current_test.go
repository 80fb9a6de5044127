package client

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

func TestCurrentOfAnUnknownClusterIsNotFound(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").Return(nil, serviceerror.NewNotFound("")).Once()
	_, err := s.Current(t.Context(), cluster)
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestCancelIsRefusedWhenNothingRuns(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "run-1", "run-1"), nil).Once()
	c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "run-1").Return(run(t, "run-1", api.OperationResult{}, nil)).Once()
	answers(t, c, nil)
	_, err := s.Cancel(t.Context(), cluster)
	require.True(t, fault.Is(err, fault.Conflict))
	require.ErrorContains(t, err, "the last operation, CreateCluster, succeeded")
}

func TestHistoryTellsHowEachOperationEnded(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	info := func(status enums.WorkflowExecutionStatus, id string) *workflow.WorkflowExecutionInfo {
		return described(status, id, id).GetWorkflowExecutionInfo()
	}
	page := func(token string) any {
		return mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
			return r.Query == "WorkflowId = 'cluster/"+cluster+"'" && string(r.NextPageToken) == token
		})
	}
	c.On("ListWorkflow", mock.Anything, page("")).Return(&workflowservice.ListWorkflowExecutionsResponse{
		Executions: []*workflow.WorkflowExecutionInfo{
			info(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "5"), info(enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, "4"),
		}, NextPageToken: []byte("more"),
	}, nil).Once()
	c.On("ListWorkflow", mock.Anything, page("more")).Return(&workflowservice.ListWorkflowExecutionsResponse{
		Executions: []*workflow.WorkflowExecutionInfo{
			info(enums.WORKFLOW_EXECUTION_STATUS_FAILED, "3"), info(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "2"),
			info(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "1"),
		},
	}, nil).Once()
	why := fault.New(fault.NoCapacity, "no addresses left")
	c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "3").
		Return(run(t, "3", nil, temporal.NewNonRetryableApplicationError(why.Message, string(why.Type), nil, why))).Once()
	c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "2").Return(run(t, "2", api.OperationResult{Nodes: 3}, nil)).Once()

	got, err := s.History(t.Context(), cluster, 3, false)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, []string{StateRunning, StateFailed, StateSucceeded}, []string{got[0].State, got[1].State, got[2].State})
	require.Equal(t, why.Message, got[1].Error.Message)
	require.Equal(t, 3, got[2].Result.Nodes)
	require.Zero(t, got[0].EndedAt)
}

func TestCloseFault(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		state string
		want  fault.Type
	}{
		"with a fault inside":  {temporal.NewApplicationError("m", "NotAllowed", fault.New(fault.NotAllowed, "m")), StateFailed, fault.NotAllowed},
		"with a type alone":    {temporal.NewApplicationError("m", "NotFound"), StateFailed, fault.NotFound},
		"with foreign details": {temporal.NewApplicationError("m", "Conflict", 42), StateFailed, fault.Conflict},
		"of a defect":          {temporal.NewApplicationError("m", ""), StateFailed, fault.Internal},
		"cancelled":            {temporal.NewCanceledError(), StateCancelled, fault.Conflict},
		"timed out":            {temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil), StateTimedOut, fault.Unreachable},
		"of an unknown kind":   {errDown, StateFailed, fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, f := closeFault(crossed(tt.err))
			require.Equal(t, tt.state, state)
			require.Equal(t, tt.want, f.Type)
			require.NotEmpty(t, f.Message)
		})
	}
}

func TestAnActivitysTimeoutIsAFailureOfTheOperation(t *testing.T) {
	t.Parallel()
	state, f := closeFault(temporal.GetDefaultFailureConverter().FailureToError(&failure.Failure{
		FailureInfo: &failure.Failure_ActivityFailureInfo{ActivityFailureInfo: &failure.ActivityFailureInfo{ActivityId: "1"}},
		Cause: &failure.Failure{FailureInfo: &failure.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failure.TimeoutFailureInfo{
			TimeoutType: enums.TIMEOUT_TYPE_HEARTBEAT,
		}}},
	}))
	require.Equal(t, StateFailed, state)
	require.Equal(t, fault.Internal, f.Type)
}

func TestBeganNeedsAnEffect(t *testing.T) {
	t.Parallel()
	step := func(state string) *api.Progress { return &api.Progress{Steps: []api.Step{{State: state}}} }
	for state, want := range map[string]bool{
		api.StepPending: false, api.StepSkipped: false, api.StepFailed: false,
		api.StepRunning: true, api.StepDone: true, api.StepUndone: true,
	} {
		require.Equal(t, want, began(step(state)), state)
	}
	require.False(t, began(nil))
	require.True(t, began(&api.Progress{Undo: []api.Step{{}}}))
}

// The last operation is the one that did something: what was only planned or refused after it changed nothing.
func TestPlansAndRefusalsAreNoOperations(t *testing.T) {
	t.Parallel()
	refusal := func(t *testing.T, id string) any {
		f := fault.New(fault.NotAllowed, "not while it is stopped")
		f.Refused = true
		return run(t, id, nil, temporal.NewNonRetryableApplicationError(f.Message, string(f.Type), nil, f))
	}
	prepared := func(t *testing.T) *Client {
		c, s := newClient(t)
		workers(c, 1)
		answers(t, c, nil)
		c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
			Return(described(enums.WORKFLOW_EXECUTION_STATUS_FAILED, "3", "3"), nil).Maybe()
		c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "1").
			Return(described(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "1", "1"), nil).Maybe()
		c.On("ListWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.ListWorkflowExecutionsResponse{
			Executions: []*workflow.WorkflowExecutionInfo{
				described(enums.WORKFLOW_EXECUTION_STATUS_FAILED, "3", "3").GetWorkflowExecutionInfo(),
				described(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "2", "2").GetWorkflowExecutionInfo(),
				described(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "1", "1").GetWorkflowExecutionInfo(),
			},
		}, nil).Maybe()
		c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "3").Return(refusal(t, "3")).Maybe()
		c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "2").Return(run(t, "2", api.OperationResult{Plan: &api.Plan{}}, nil)).Maybe()
		c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "1").Return(run(t, "1", api.OperationResult{Nodes: 3}, nil)).Maybe()
		return s
	}
	op, err := prepared(t).Current(t.Context(), cluster)
	require.NoError(t, err)
	require.Equal(t, "1", op.RunID)
	require.False(t, op.Idle())

	op, err = prepared(t).Latest(t.Context(), cluster)
	require.NoError(t, err)
	require.Equal(t, StateRefused, op.State)
	require.ErrorContains(t, op.Failed(), "CreateCluster "+cluster+" was refused: not while it is stopped")

	list, err := prepared(t).History(t.Context(), cluster, 3, false)
	require.NoError(t, err)
	require.Len(t, list, 1)
	list, err = prepared(t).History(t.Context(), cluster, 3, true)
	require.NoError(t, err)
	require.Equal(t, []string{StateRefused, StateSucceeded, StateSucceeded}, []string{list[0].State, list[1].State, list[2].State})
	require.Equal(t, []bool{false, true, false}, []bool{list[0].DryRun, list[1].DryRun, list[2].DryRun})
}
