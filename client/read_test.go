package client

import (
	"context"
	"fmt"
	"strings"
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

func TestReadsRunUnderIDsOfTheirOwnAndEndByThemselves(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	options := mock.MatchedBy(func(o client.StartWorkflowOptions) bool {
		return strings.HasPrefix(o.ID, "read/") && len(o.ID) == len("read/")+36 && o.WorkflowExecutionTimeout == 30*time.Second &&
			o.TypedSearchAttributes.Size() == 0
	})
	c.On("ExecuteWorkflow", mock.Anything, options, api.DescribeCluster, api.DescribeClusterInput{ClusterID: cluster}).
		Return(run(t, "r", api.ClusterView{ClusterID: cluster, State: "active"}, nil), nil).Once()
	c.On("ExecuteWorkflow", mock.Anything, options, api.ListClusters, api.ListClustersInput{}).
		Return(run(t, "r", api.ClusterList{Clusters: []api.ClusterView{{ClusterID: cluster}}}, nil), nil).Once()
	c.On("ExecuteWorkflow", mock.Anything, options, api.ListApps, api.ListAppsInput{}).
		Return(run(t, "r", api.AppList{Apps: []api.AppView{{App: "etcd"}}}, nil), nil).Once()

	c.On("ExecuteWorkflow", mock.Anything, options, api.DescribeCluster, api.DescribeClusterInput{ClusterID: cluster, Agents: true}).
		Return(run(t, "r", api.ClusterView{ClusterID: cluster, State: "stopped"}, nil), nil).Once()

	view, err := s.ClusterAndAgents(t.Context(), cluster)
	require.NoError(t, err)
	require.Equal(t, "stopped", view.State)
	view, err = s.Cluster(t.Context(), cluster)
	require.NoError(t, err)
	require.Equal(t, "active", view.State)
	list, err := s.Clusters(t.Context(), api.ListClustersInput{})
	require.NoError(t, err)
	require.Len(t, list.Clusters, 1)
	apps, err := s.Apps(t.Context())
	require.NoError(t, err)
	require.Equal(t, "etcd", apps.Apps[0].App)
}

func TestPublishingTwiceAtOnceIsAConflict(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	c.On("ExecuteWorkflow", mock.Anything, mock.MatchedBy(func(o client.StartWorkflowOptions) bool { return o.ID == "app/etcd/3.5.0" }),
		api.PublishApp, mock.Anything).Return(nil, serviceerror.NewWorkflowExecutionAlreadyStarted("", "", "")).Once()
	_, err := s.Publish(t.Context(), api.PublishAppInput{App: "etcd", Version: "3.5.0"})
	require.True(t, fault.Is(err, fault.Conflict))
}

func TestAReadThatFailsCarriesTheWorkersFault(t *testing.T) {
	t.Parallel()
	c, s := newClient(t)
	workers(c, 1)
	gone := fault.New(fault.NotFound, "no cluster %s", cluster)
	c.On("ExecuteWorkflow", mock.Anything, mock.Anything, api.DescribeCluster, mock.Anything).
		Return(run(t, "r", nil, temporal.NewNonRetryableApplicationError(gone.Message, string(gone.Type), nil, gone)), nil).Once()
	_, err := s.Cluster(t.Context(), cluster)
	var failed *Failed
	require.ErrorAs(t, err, &failed)
	require.Equal(t, gone.Message, failed.Fault.Message)
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestAWorkerThatIsListedAndDoesNotAnswerIsUnreachable(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"own deadline":       fmt.Errorf("reading history: %w", context.DeadlineExceeded),
		"the server's":       serviceerror.NewDeadlineExceeded("late"),
		"the workflow's own": temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil),
		"the connection":     errDown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := newClient(t)
			workers(c, 1)
			c.On("ExecuteWorkflow", mock.Anything, mock.Anything, api.ListClusters, mock.Anything).Return(run(t, "r", nil, err), nil).Once()
			_, got := s.Clusters(t.Context(), api.ListClustersInput{})
			require.True(t, fault.Is(got, fault.Unreachable), "%v", got)
			var failed *Failed
			require.NotErrorAs(t, got, &failed)
		})
	}
}
