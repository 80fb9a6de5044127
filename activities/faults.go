package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"drover/activities/internal/attempt"
	"drover/activities/internal/fanout"
	"drover/fault"
)

// Attempts is the number of attempts an activity gets that may fail so often: attempts whose worker died are not among them.
func Attempts(failures int32) int32 { return attempt.Attempts(failures) }

// Faults is the worker interceptor that converts errors once, outermost: a fault becomes an application error whose
// type is the fault's type, whose first detail is the fault, and which is retried only when the fault is retryable and
// the activity has not failed as often as it may. It also heartbeats for activities that are short as a whole.
func Faults() interceptor.WorkerInterceptor { return &faultInterceptor{} }

type faultInterceptor struct {
	interceptor.WorkerInterceptorBase
}

func (*faultInterceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &faultInbound{}
	i.Next = next
	return i
}

type faultInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

func (i *faultInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	stop := func() {}
	if info := activity.GetInfo(ctx); info.HeartbeatTimeout > 0 && info.StartToCloseTimeout <= 2*info.HeartbeatTimeout {
		stop = fanout.Alive(ctx)
	}
	out, err := i.Next.ExecuteActivity(ctx, in)
	stop()
	return out, counted(ctx, convert(ctx, err))
}

// counted ends the retries of an activity that has failed as often as it may, and counts the failure otherwise.
func counted(ctx context.Context, err error) error {
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) || failure.NonRetryable() || ctx.Err() != nil {
		return err
	}
	if attempt.OutOfFailures(ctx) {
		if f := faultIn(failure); f != nil {
			f.Retryable = false
			return ToTemporal(f)
		}
	}
	fanout.Failed(ctx)
	return err
}

// faultIn is the fault an application error carries, nil when it carries none.
func faultIn(err *temporal.ApplicationError) *fault.Fault {
	var f fault.Fault
	if !err.HasDetails() || err.Details(&f) != nil || f.Type == "" {
		return nil
	}
	return &f
}

func convert(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case attempt.Canceled(ctx):
		if temporal.IsCanceledError(err) {
			return err // with what it has to say
		}
		return temporal.NewCanceledError()
	}
	var already *temporal.ApplicationError
	if errors.As(err, &already) {
		return err
	}
	f := fault.As(err)
	if f == nil {
		f = fault.Wrap(err, fault.Internal, "unexpected error")
	}
	if ctx.Err() != nil {
		// Worker shutdown, pause, reset: the work continues elsewhere.
		f = fault.Wrap(err, fault.Unreachable, "the worker let go of the work")
		f.Type, f.Retryable = fault.Unreachable, true
	}
	return ToTemporal(f)
}

// ToTemporal makes the application error of a fault. The cause's text moves into the message, as only that survives
// the wire; the hint stays apart in the detail, so that printers can set it on a line of its own.
func ToTemporal(f *fault.Fault) error {
	wire := *f
	wire.Hint = ""
	wire.Message = wire.Error()
	wire.Hint = f.Hint
	return temporal.NewApplicationErrorWithOptions(f.Error(), string(f.Type), temporal.ApplicationErrorOptions{
		NonRetryable: !f.Retryable,
		Details:      []any{wire},
	})
}
