package workflows_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows"
	"drover/workflows/api"
)

func (w *world) ledger() []lifecycle.Orphan {
	w.t.Helper()
	ledger, err := w.store.Orphans(w.t.Context())
	require.NoError(w.t, err)
	return ledger
}

// retrying runs RetryOrphans in an environment that prepare may change first.
func (w *world) retrying(in api.RetryOrphansInput, prepare func(*testsuite.TestWorkflowEnvironment)) *testsuite.TestWorkflowEnvironment {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: api.OrphansWorkflowID, TaskQueue: api.TaskQueue})
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Faults()}, DeadlockDetectionTimeout: time.Minute})
	env.SetTestTimeout(time.Minute)
	workflows.Register(env, w.acts)
	if prepare != nil {
		prepare(env)
	}
	env.ExecuteWorkflow(api.RetryOrphans, in)
	require.True(w.t, env.IsWorkflowCompleted())
	return env
}

func (w *world) retryOrphans(in api.RetryOrphansInput) api.ReleasedOrphans {
	w.t.Helper()
	env := w.retrying(in, nil)
	require.NoError(w.t, env.GetWorkflowError())
	var out api.ReleasedOrphans
	require.NoError(w.t, env.GetWorkflowResult(&out))
	return out
}

// left makes a world whose ledger holds an instance that the provider lets go at the n-th try of a retry.
func left(t *testing.T, n int) *world {
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start"))
	w.create("app")
	w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", Fault: fault.New(fault.Unreachable, "the hypervisor is away")})
	w.start1(api.DeleteCluster, api.DeleteClusterInput{})
	w.provider.Clear()
	for i := range n - 1 {
		w.provider.On(fakeprovider.Rule{Method: "DeleteInstance", Nth: i + 1, Fault: fault.New(fault.Unreachable, "still away")})
	}
	return w
}

func TestRetryOrphansGoesOnUntilTheLedgerIsEmpty(t *testing.T) {
	t.Parallel()
	w := left(t, 5)
	require.Equal(t, 2, w.retryOrphans(api.RetryOrphansInput{}).Released)
	require.Empty(t, w.ledger())
	w.nothingLeft()
}

func TestRetryOrphansOnce(t *testing.T) {
	t.Parallel()
	w := left(t, 2)
	require.Equal(t, api.ReleasedOrphans{Left: 2}, w.retryOrphans(api.RetryOrphansInput{Once: true}))
	require.Len(t, w.ledger(), 2)
	require.Equal(t, api.ReleasedOrphans{Released: 2}, w.retryOrphans(api.RetryOrphansInput{Once: true}))
}

// However long it takes, a run's history stays short, and the next run knows how long to wait.
func TestRetryOrphansContinuesAsNew(t *testing.T) {
	t.Parallel()
	w := left(t, 1000)
	env := w.retrying(api.RetryOrphansInput{Rounds: 7}, nil)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	require.Equal(t, api.RetryOrphans, next.WorkflowType.Name)
	require.Len(t, w.ledger(), 2)
}

// A signal wakes it: what came into the ledger meanwhile does not wait for half an hour.
func TestRetryOrphansIsWoken(t *testing.T) {
	t.Parallel()
	w := left(t, 2)
	var began, ended time.Time
	env := w.retrying(api.RetryOrphansInput{Rounds: 40}, func(env *testsuite.TestWorkflowEnvironment) {
		began = env.Now()
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(api.SignalNow, nil) }, time.Minute)
	})
	require.NoError(t, env.GetWorkflowError())
	ended = env.Now()
	require.Less(t, ended.Sub(began), 10*time.Minute)
	require.Empty(t, w.ledger())
}
