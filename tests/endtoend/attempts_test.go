package endtoend

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/fault"
)

// An attempt that falls silent, as one whose worker died, is not a failure: an activity that may fail three times does so
// three times, however often it was silent in between.
func TestAttemptsThatFallSilentAreNoFailures(t *testing.T) {
	t.Parallel()
	c, err := client.Dial(client.Options{HostPort: servers.TemporalAddress, Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	queue := "attempts-" + activities.RandomID()
	w := worker.New(c, queue, worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{activities.Faults()}, WorkerStopTimeout: time.Millisecond,
	})
	var failed, silent atomic.Int32
	w.RegisterActivityWithOptions(func(ctx context.Context) error {
		if activity.GetInfo(ctx).Attempt%2 == 1 {
			silent.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}
		failed.Add(1)
		return fault.New(fault.Unreachable, "Consul is down")
	}, activity.RegisterOptions{Name: "Fail"})
	operation := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Hour, HeartbeatTimeout: time.Second, RetryPolicy: &temporal.RetryPolicy{
				InitialInterval: time.Millisecond, MaximumAttempts: activities.Attempts(3),
			},
		})
		return workflow.ExecuteActivity(ctx, "Fail").Get(ctx, nil)
	}
	w.RegisterWorkflow(operation)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, operation)
	require.NoError(t, err)
	require.ErrorContains(t, run.Get(t.Context(), nil), "Consul is down")
	require.Equal(t, []int32{3, 3}, []int32{failed.Load(), silent.Load()})
}
