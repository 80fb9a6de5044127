package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"drover/activities/internal/attempt"
	"drover/fault"
)

// Faults is the worker interceptor that converts errors once, outermost: a fault becomes an application error whose
// type is the fault's type, whose first detail is the fault, and which is retried only when the fault is retryable.
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
	out, err := i.Next.ExecuteActivity(ctx, in)
	return out, convert(ctx, err)
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
