package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

func request() Request {
	return Request{
		Operation: api.CreateCluster, ClusterID: cluster, App: "etcd", Summary: "create etcd " + cluster,
		Input: api.CreateClusterInput{App: "etcd"},
	}
}

func TestStartAsksForOneRunUnderTheClustersID(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	var got client.StartWorkflowOptions
	c.On("ExecuteWorkflow", mock.Anything, mock.Anything, api.CreateCluster, api.CreateClusterInput{App: "etcd"}).
		Run(func(args mock.Arguments) { got = args.Get(1).(client.StartWorkflowOptions) }).
		Return(run(t, "run-1", nil, nil), nil).Once()

	started, err := s.Start(t.Context(), request())
	require.NoError(t, err)
	require.Equal(t, &Started{ClusterID: cluster, Operation: api.CreateCluster, WorkflowID: "cluster/" + cluster, RunID: "run-1"}, started)

	require.Equal(t, "cluster/"+cluster, got.ID)
	require.Equal(t, api.TaskQueue, got.TaskQueue)
	require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, got.WorkflowIDConflictPolicy)
	require.Equal(t, enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, got.WorkflowIDReusePolicy)
	require.True(t, got.WorkflowExecutionErrorWhenAlreadyStarted)
	require.Zero(t, got.WorkflowRunTimeout+got.WorkflowExecutionTimeout)
	require.Nil(t, got.RetryPolicy)
	require.Equal(t, "create etcd "+cluster, got.StaticSummary)
	for name, want := range map[string]string{
		api.AttrClusterID: cluster, api.AttrApp: "etcd", api.AttrOperation: api.CreateCluster, api.AttrOperationState: api.OpRunning,
	} {
		value, ok := got.TypedSearchAttributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(name))
		require.True(t, ok, name)
		require.Equal(t, want, value)
	}
}

func TestStartGoesOnWithoutSearchAttributesTheServerDoesNotKnow(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	attributes := func(n int) any {
		return mock.MatchedBy(func(o client.StartWorkflowOptions) bool { return o.TypedSearchAttributes.Size() == n })
	}
	c.On("ExecuteWorkflow", mock.Anything, attributes(4), api.CreateCluster, mock.Anything).
		Return(nil, serviceerror.NewInvalidArgument("Namespace default has no mapping defined for search attribute ClusterId")).Once()
	c.On("ExecuteWorkflow", mock.Anything, attributes(0), api.CreateCluster, mock.Anything).Return(run(t, "run-1", nil, nil), nil).Once()
	_, err := s.Start(t.Context(), request())
	require.NoError(t, err)
}

func TestStartIsRefusedWhileAnotherOperationRuns(t *testing.T) {
	t.Parallel()
	busy := serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "", "run-0")
	progress := &api.Progress{Steps: []api.Step{
		{ID: "CC1", Words: "resources for all nodes", State: api.StepDone},
		{ID: "CC4", Words: "start, order 1", State: api.StepRunning, StartedAt: now.Add(-time.Minute)},
	}}
	for name, tt := range map[string]struct {
		progress *api.Progress
		want     string
	}{
		"at a step": {progress, "cluster cl-a1b2c3d4 is busy: CreateCluster has been running since 05:04:07 UTC (2m0s), at step CC4 start, order 1 since 05:05:07 UTC"},
		"silent":    {nil, "cluster cl-a1b2c3d4 is busy: CreateCluster has been running since 05:04:07 UTC (2m0s); its progress is unknown because no worker responds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := newClient(t)
			workers(c, 1)
			c.On("ExecuteWorkflow", mock.Anything, mock.Anything, api.CreateCluster, mock.Anything).Return(nil, busy).Once()
			c.On("DescribeWorkflowExecution", mock.Anything, "cluster/"+cluster, "").
				Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "run-0", "run-0"), nil).Once()
			answers(t, c, tt.progress)
			_, err := s.Start(t.Context(), request())
			require.True(t, fault.Is(err, fault.Conflict))
			require.Equal(t, tt.want, fault.As(err).Message)
			require.Contains(t, fault.As(err).Hint, "drover watch "+cluster)
		})
	}
}

func TestNothingIsStartedWithoutAWorker(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 0)
	_, err := s.Start(t.Context(), request())
	require.True(t, fault.Is(err, fault.Unreachable))
	require.ErrorContains(t, err, "no worker is polling task queue drover")
	c.AssertNotCalled(t, "ExecuteWorkflow")

	_, err = s.Clusters(t.Context(), api.ListClustersInput{})
	require.True(t, fault.Is(err, fault.Unreachable))
}

func TestServiceErrorsKeepTheirKind(t *testing.T) {
	t.Parallel()
	for want, err := range map[fault.Type]error{
		fault.Unreachable:  serviceerror.NewUnavailable("down"),
		fault.Unauthorized: serviceerror.NewPermissionDenied("no", ""),
		fault.Invalid:      serviceerror.NewInvalidArgument("bad"),
		fault.NotFound:     serviceerror.NewNotFound("gone"),
	} {
		require.True(t, fault.Is(serviceFault(t.Context(), err, "cannot"), want), "%v", err)
	}
	require.True(t, fault.Is(serviceFault(t.Context(), serviceerror.NewNamespaceNotFound("x"), "cannot"), fault.Unreachable))
	require.True(t, fault.Is(serviceFault(t.Context(), errDown, "cannot"), fault.Unreachable))
}
