package client_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/client"
	"drover/fault"
	"drover/tests/stack"
	"drover/workflows/api"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

type environment map[string]string

func (e environment) LookupEnv(name string) (string, bool) { v, ok := e[name]; return v, ok }
func (e environment) Environ() []string {
	var out []string
	for k, v := range e {
		out = append(out, k+"="+v)
	}
	return out
}

// dialled is a client of a real Temporal server, found by its environment, with a worker whose operations end at once.
func dialled(t *testing.T) *client.Client {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Temporal server is not started with -short")
	}
	servers, err := stack.ForTests(context.Background(), "stack", stack.Options{TemporalOnly: true})
	require.NoError(t, err)
	c, err := client.Dial(t.Context(), client.Options{
		Env: environment{"TEMPORAL_ADDRESS": servers.TemporalAddress}, ConnectTimeout: 30 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	temporalClient, err := servers.Client(context.Background())
	require.NoError(t, err)
	t.Cleanup(temporalClient.Close)
	w := worker.New(temporalClient, api.TaskQueue, worker.Options{})
	register := func(name string, f any) { w.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name}) }
	register(api.ListApps, func(workflow.Context, api.ListAppsInput) (api.AppList, error) {
		return api.AppList{Apps: []api.AppView{{App: "etcd", Version: "3.6"}}}, nil
	})
	register(api.DescribeCluster, func(_ workflow.Context, in api.DescribeClusterInput) (api.ClusterView, error) {
		return api.ClusterView{ClusterID: in.ClusterID, App: "etcd"}, nil
	})
	ends := func(ctx workflow.Context) (api.OperationResult, error) {
		progress := api.Progress{State: api.OpRunning, Steps: []api.Step{{ID: "CC1", State: api.StepRunning, StartedAt: workflow.Now(ctx)}}}
		err := workflow.SetQueryHandler(ctx, api.QueryProgress, func() (api.Progress, error) { return progress, nil })
		return api.OperationResult{ClusterState: "active", Nodes: 3}, err
	}
	register(api.CreateCluster, func(ctx workflow.Context, _ api.CreateClusterInput) (api.OperationResult, error) { return ends(ctx) })
	register(api.StopCluster, func(ctx workflow.Context, _ api.StopClusterInput) (api.OperationResult, error) {
		f := fault.New(fault.CommandFailed, "stop ended with exit code 1")
		return api.OperationResult{}, temporal.NewNonRetryableApplicationError(f.Message, string(f.Type), nil, f)
	})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.Eventually(t, func() bool { return c.NeedWorker(t.Context()) == nil }, time.Minute, 20*time.Millisecond)
	return c
}

// A program starts an operation, streams its progress to its end, and repeats a request safely.
func TestAProgramOperatesClusters(t *testing.T) {
	ctx, c := t.Context(), dialled(t)
	const id = "cl-client01"

	_, err := c.CreateCluster(ctx, "etcd", api.CreateClusterInput{})
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.As(err).Problems, 2, "all problems at once")
	_, err = c.CreateCluster(ctx, id, api.CreateClusterInput{App: "etcd", Version: "9"})
	require.ErrorContains(t, err, `application "etcd" has no version "9"`)

	create := client.Request{Operation: api.CreateCluster, ClusterID: id, App: "etcd", Input: api.CreateClusterInput{App: "etcd"}, By: "ann", RequestID: "request-1"}
	creation, err := c.Begin(ctx, create)
	require.NoError(t, err)
	var last client.Sight
	for sight, err := range creation.Sights(ctx) {
		require.NoError(t, err)
		last = sight
	}
	require.Equal(t, client.StateSucceeded, last.Operation.State)
	require.Equal(t, 3, last.Operation.Result.Nodes)
	result, err := creation.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, "active", result.ClusterState)
	op, err := creation.Look(ctx)
	require.NoError(t, err)
	require.Equal(t, "ann", op.By)

	again, err := c.Begin(ctx, create)
	require.NoError(t, err)
	require.Equal(t, creation.RunID, again.RunID, "after its end")

	stop, err := c.StopCluster(ctx, id, api.StopClusterInput{})
	require.NoError(t, err)
	_, err = stop.Wait(ctx)
	var failed *client.Failed
	require.ErrorAs(t, err, &failed)
	require.Equal(t, fault.CommandFailed, failed.Fault.Type)

	require.Eventually(t, func() bool {
		again, err = c.Begin(ctx, create)
		return err == nil && again.RunID == creation.RunID
	}, 10*time.Second, 100*time.Millisecond, "after a later operation")
	require.True(t, fault.Is(creation.Cancel(ctx), fault.Conflict), "a later operation is not cancelled in its place")
	op, err = creation.Look(ctx)
	require.NoError(t, err)
	require.Equal(t, api.CreateCluster, op.Type)
}
