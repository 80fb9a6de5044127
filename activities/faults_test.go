package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"drover/activities"
	"drover/fault"
	"drover/tests/fakes/world"
)

// across gives what a workflow sees of an activity that fails with err while its context was ended by cause (nil: it
// was not).
func across(t *testing.T, cause, err error) error {
	t.Helper()
	env := world.Environment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&ending{cause: cause}, activities.Faults()}})
	env.RegisterActivityWithOptions(func(context.Context) error { return err }, activity.RegisterOptions{Name: "Fail"})
	_, out := env.ExecuteActivity("Fail")
	return out
}

// ending stands where the SDK does: outside of all, and ends the context with a cause.
type ending struct {
	interceptor.WorkerInterceptorBase
	cause error
}

func (e *ending) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &endingInbound{interceptor.ActivityInboundInterceptorBase{Next: next}, e.cause}
}

type endingInbound struct {
	interceptor.ActivityInboundInterceptorBase
	cause error
}

func (e *endingInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if e.cause != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		cancel(e.cause)
	}
	return e.Next.ExecuteActivity(ctx, in)
}

func TestFaultTypesKeepTheirRetryability(t *testing.T) {
	t.Parallel()
	for typ, retried := range map[fault.Type]bool{
		fault.Invalid: false, fault.NotFound: false, fault.Conflict: false, fault.NotAllowed: false, fault.HostKeyChanged: false,
		fault.Unauthorized: false, fault.Unreachable: true, fault.NoCapacity: true, fault.CommandFailed: false,
		fault.OutcomeUnknown: false, fault.ConfigFailed: false, fault.BarrierTimeout: false, fault.Internal: true,
	} {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			for name, err := range map[string]error{
				"new":         fault.New(typ, "because"),
				"wrapped":     fault.Wrap(fault.New(typ, "because"), fault.Internal, "while doing"),
				"by fmt":      fmt.Errorf("while doing: %w", fault.New(typ, "because")),
				"with others": errors.Join(errors.New("first"), fault.New(typ, "because")),
			} {
				app, f := world.Application(t, across(t, nil, err))
				require.Equal(t, string(typ), app.Type(), name)
				require.Equal(t, !retried, app.NonRetryable(), name)
				require.Equal(t, typ, f.Type, name)
				require.Equal(t, retried, f.Retryable, name)
				require.Contains(t, app.Message(), "because", name)
			}
		})
	}
}

func TestFaultArrivesWhole(t *testing.T) {
	t.Parallel()
	sent := fault.Wrap(errors.New("connection refused"), fault.CommandFailed, "start on a/1").At("cl-1", "cln-1", "start").
		WithHint("look at %s", "the node")
	sent.ExitCode, sent.Output, sent.Problems = 7, "line\n", []string{"one", "two"}
	app, got := world.Application(t, across(t, nil, sent))
	require.Equal(t, "start on a/1: connection refused (look at the node)", app.Message())
	require.Equal(t, fault.Fault{
		Type: fault.CommandFailed, Message: "start on a/1: connection refused", Cluster: "cl-1", Node: "cln-1", Service: "start",
		ExitCode: 7, Output: "line\n", Hint: "look at the node", Problems: []string{"one", "two"},
	}, got)
	require.Equal(t, "look at the node", sent.Hint, "the sender's own is left alone")
}

func TestRetryableFlagWinsOverType(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Unreachable, "gone for good")
	f.Retryable = false
	app, _ := world.Application(t, across(t, nil, f))
	require.True(t, app.NonRetryable())
}

func TestPlainErrorBecomesInternal(t *testing.T) {
	t.Parallel()
	app, f := world.Application(t, across(t, nil, fmt.Errorf("read: %w", errors.New("broken pipe"))))
	require.Equal(t, string(fault.Internal), app.Type())
	require.False(t, app.NonRetryable())
	require.Contains(t, f.Message, "read: broken pipe")
}

func TestApplicationErrorIsNotConvertedTwice(t *testing.T) {
	t.Parallel()
	app, f := world.Application(t, across(t, nil, activities.ToTemporal(fault.New(fault.NotAllowed, "no").WithHint("ask"))))
	require.Equal(t, string(fault.NotAllowed), app.Type())
	require.Equal(t, "no", f.Message)
	require.Equal(t, "no (ask)", app.Message())
}

func TestSuccessStaysSuccessWhateverTheContext(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{nil, temporal.NewCanceledError(), worker.ErrWorkerShutdown, activity.ErrActivityPaused} {
		require.NoError(t, across(t, cause, nil))
	}
}

func TestOnlyATrueCancelIsACancel(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"fault": fault.New(fault.Invalid, "no"), "context": context.Canceled, "plain": errors.New("x"),
	} {
		require.Truef(t, temporal.IsCanceledError(across(t, temporal.NewCanceledError(), err)), name)
		for _, cause := range []error{
			worker.ErrWorkerShutdown, activity.ErrActivityPaused, activity.ErrActivityReset, context.DeadlineExceeded, errors.New("workflow not found"),
		} {
			got := across(t, cause, err)
			require.False(t, temporal.IsCanceledError(got), "%s: %v", name, cause)
			app, f := world.Application(t, got)
			require.Equal(t, string(fault.Unreachable), app.Type(), "%s: %v", name, cause)
			require.False(t, app.NonRetryable(), "the next attempt continues: %v", cause)
			require.True(t, f.Retryable)
		}
	}
}
