package client_test

import (
	"context"
	"io"
	"os"
	"sync"
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

// shared is the one server of this package.
var shared = sync.OnceValues(func() (*stack.Stack, error) {
	return stack.ForTests(context.Background(), "stack", stack.Options{TemporalOnly: true})
})

// dialled is a client of a real Temporal server, found by its environment, with a worker whose operations end at once.
func dialled(t *testing.T) (_ *client.Client, address string) {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Temporal server is not started with -short")
	}
	servers, err := shared()
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
	register(api.AddNodes, held)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.Eventually(t, func() bool { return c.NeedWorker(t.Context()) == nil }, time.Minute, 20*time.Millisecond)
	return c, servers.TemporalAddress
}

// A program starts an operation, streams its progress to its end, and repeats a request safely.
func TestAProgramOperatesClusters(t *testing.T) {
	ctx := t.Context()
	c, _ := dialled(t)
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

// held is an operation whose step waits for a decision.
func held(ctx workflow.Context) (api.OperationResult, error) {
	resolved := false
	progress := api.Progress{State: api.OpHeld, Steps: []api.Step{{ID: "AN5", State: api.StepHeld}}, Held: &api.Held{Step: "AN5", Words: "init, order 0"}}
	err := workflow.SetQueryHandler(ctx, api.QueryProgress, func() (api.Progress, error) { return progress, nil })
	if err == nil {
		err = workflow.SetUpdateHandler(ctx, api.UpdateResolve, func(_ workflow.Context, r api.Resolution) (api.Resolved, error) {
			resolved = true
			return api.Resolved{Step: "AN5", Action: r.Action, Next: "run init again"}, nil
		})
	}
	if err == nil {
		err = workflow.Await(ctx, func() bool { return resolved })
	}
	return api.OperationResult{ClusterState: "active"}, err
}

// The examples of the documentation run as they are, against a server that they find by the environment.
func TestExamplesRun(t *testing.T) {
	c, address := dialled(t)
	t.Setenv("TEMPORAL_ADDRESS", address)
	t.Setenv("TEMPORAL_CONFIG_FILE", "/dev/null")
	require.NotContains(t, printed(t, Example), "failed")
	const id = "cl-a1b2c3d4"
	require.Eventually(t, func() bool {
		op, err := c.Latest(t.Context(), id)
		return err == nil && op.State == client.StateSucceeded
	}, time.Minute, 20*time.Millisecond)

	adding, err := c.Begin(t.Context(), client.Request{Operation: api.AddNodes, ClusterID: id, Input: api.AddNodesInput{Count: 1}})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		op, err := adding.Look(t.Context())
		return err == nil && op.State == client.StateHeld
	}, time.Minute, 20*time.Millisecond)
	require.Equal(t, "run init again\n", printed(t, ExampleHandle_Resolve))
	_, err = adding.Wait(t.Context())
	require.NoError(t, err)
}

// printed is what a function prints.
func printed(t *testing.T, f func()) string {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = write
	f()
	os.Stdout = stdout
	require.NoError(t, write.Close())
	text, err := io.ReadAll(read)
	require.NoError(t, err)
	return string(text)
}
