package client

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

// ending makes the run "run-1" end as told once end is closed.
func ending(t *testing.T, c *mocks.Client, end <-chan struct{}, result any, err error) {
	t.Helper()
	r := mocks.NewWorkflowRun(t)
	r.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		select {
		case <-end:
			if err == nil {
				decode(t, result, args.Get(1))
			}
		case <-args.Get(0).(context.Context).Done():
		}
	}).Return(crossed(err)).Maybe()
	c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "run-1").Return(r).Maybe()
}

func TestFollowShowsTheOperationUntilItsResult(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	end := make(chan struct{})
	ending(t, c, end, api.OperationResult{ClusterID: cluster, ClusterState: "active", Nodes: 3}, nil)
	answer := described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-2", "run-1")
	beat, err := converter.GetDefaultDataConverter().ToPayloads(api.Beat{Done: 1, Total: 3})
	require.NoError(t, err)
	answer.PendingActivities = []*workflow.PendingActivityInfo{
		{ActivityId: "7", Attempt: 2, HeartbeatDetails: beat, LastFailure: &failure.Failure{Message: "refused"}},
	}
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").Return(answer, nil)
	answers(t, c, &api.Progress{ClusterID: cluster, State: api.OpUndoing})

	var last Sight
	var once sync.Once
	op, err := s.Follow(t.Context(), "cluster/"+cluster, "run-1", func(sight Sight) {
		if last = sight; sight.Operation.Running() {
			require.Equal(t, StateUndoing, sight.Operation.State)
			require.Equal(t, Activity{Beat: api.Beat{Done: 1, Total: 3}, Attempt: 2, LastFailure: "refused"}, sight.Operation.Activities["7"])
			require.Empty(t, sight.Note)
			once.Do(func() { close(end) })
		}
	})
	require.NoError(t, err)
	require.Equal(t, 3, op.Result.Nodes)
	require.Equal(t, StateSucceeded, last.Operation.State)
	require.Equal(t, "run-2", op.RunID, "the newest run of the chain")
	require.Equal(t, now, op.EndedAt)
	require.Empty(t, op.Activities)
	c.AssertCalled(t, "QueryWorkflow", mock.Anything, "cluster/"+cluster, "run-2", api.QueryProgress)
}

func TestFollowGivesTheFaultOfAFailure(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	end := make(chan struct{})
	close(end)
	why := &fault.Fault{Type: fault.CommandFailed, Message: "start failed", Node: "cln-1", Service: "start", ExitCode: 7, Output: "tail"}
	ending(t, c, end, nil, temporal.NewNonRetryableApplicationError(why.Message, string(why.Type), nil, why))
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_FAILED, "run-1", "run-1"), nil).Maybe()
	answers(t, c, &api.Progress{State: api.OpFailed, Undo: []api.Step{{ID: "CC1", State: api.StepDone}}})

	_, err := s.Follow(t.Context(), "cluster/"+cluster, "run-1", func(Sight) {})
	var failed *Failed
	require.ErrorAs(t, err, &failed)
	require.Equal(t, why, failed.Fault)
	require.Equal(t, StateFailed, failed.State)
	require.Equal(t, cluster, failed.ClusterID)
}

func TestFollowSaysThatNoWorkerAnswersAndGoesOn(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 0)
	end := make(chan struct{})
	ending(t, c, end, api.OperationResult{}, nil)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-1", "run-1"), nil)
	answers(t, c, nil)

	var once sync.Once
	var note string
	_, err := s.Follow(t.Context(), "cluster/"+cluster, "run-1", func(sight Sight) {
		once.Do(func() {
			note = sight.Note
			close(end)
		})
	})
	require.NoError(t, err)
	require.Equal(t, "no worker responds; the operation resumes when a worker returns", note)
}

func TestFollowIgnoresTheNextOperationOfTheCluster(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-9", "run-9"), nil)
	answers(t, c, &api.Progress{State: api.OpSucceeded})
	w := newWatcher(s, "cluster/"+cluster, "run-1")
	require.Empty(t, w.look(t.Context()).Operation.Type)
	c.AssertCalled(t, "QueryWorkflow", mock.Anything, "cluster/"+cluster, "run-1", api.QueryProgress)
}

func TestFollowEndsWhenTheCallerLeaves(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	ctx, leave := context.WithCancel(t.Context())
	ending(t, c, make(chan struct{}), nil, context.Canceled)
	c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-1", "run-1"), nil)
	answers(t, c, &api.Progress{})
	_, err := s.Follow(ctx, "cluster/"+cluster, "run-1", func(Sight) { leave() })
	require.ErrorIs(t, err, context.Canceled)
	c.AssertNotCalled(t, "CancelWorkflow", mock.Anything, mock.Anything, mock.Anything)
}

func TestLosingTemporalIsNotTheOperationsFailure(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	end := make(chan struct{})
	close(end)
	ending(t, c, end, nil, errDown)
	c.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return((*workflowservice.DescribeWorkflowExecutionResponse)(nil), errDown).Maybe()
	answers(t, c, nil)
	_, err := s.Follow(t.Context(), "cluster/"+cluster, "run-1", func(Sight) {})
	require.True(t, fault.Is(err, fault.Unreachable))
	var failed *Failed
	require.NotErrorAs(t, err, &failed)
}

func TestFollowAsksAgainWhenARestartSwallowedTheQuestion(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	r := mocks.NewWorkflowRun(t)
	r.On("Get", mock.Anything, mock.Anything).Return(serviceerror.NewDeadlineExceeded("context deadline exceeded")).Once()
	r.On("Get", mock.Anything, mock.Anything).Return(context.DeadlineExceeded).Once()
	r.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		decode(t, api.OperationResult{ClusterID: cluster, Nodes: 3}, args.Get(1))
	}).Return(nil).Once()
	c.On("GetWorkflow", mock.Anything, "cluster/"+cluster, "run-1").Return(r)
	c.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, mock.Anything).
		Return(described(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "run-1", "run-1"), nil).Maybe()
	answers(t, c, &api.Progress{State: api.OpSucceeded})
	op, err := s.Follow(t.Context(), "cluster/"+cluster, "run-1", func(Sight) {})
	require.NoError(t, err)
	require.Equal(t, 3, op.Result.Nodes)
}

func TestAListedWorkerMayBeQuietForAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t)
		workers(c, 1)
		s.Now = time.Now
		answered := time.Now()
		require.Empty(t, s.note(t.Context(), answered))
		time.Sleep(silence + time.Second)
		require.Contains(t, s.note(t.Context(), answered), "does not respond")
	})
}
