package telemetry

import (
	"context"
	"errors"
	"log/slog"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
	"drover/workflows/api"
)

// Attempts logs and counts attempts of activities that failed: they are retried, and an operation that waits for Consul or
// for a provider is explained nowhere else. What is refused is told by the operation.
func Attempts(m *Meters, logger *slog.Logger) interceptor.WorkerInterceptor {
	return &attemptsOf{meters: m, logger: logger}
}

type attemptsOf struct {
	interceptor.WorkerInterceptorBase
	meters *Meters
	logger *slog.Logger
}

func (a *attemptsOf) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &attemptInbound{attemptsOf: a}
	i.Next = next
	return i
}

type attemptInbound struct {
	interceptor.ActivityInboundInterceptorBase
	*attemptsOf
}

func (i *attemptInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := i.Next.ExecuteActivity(ctx, in)
	if err == nil || ctx.Err() != nil || temporal.IsCanceledError(err) {
		return out, err
	}
	kind := kindOf(err)
	info := activity.GetInfo(ctx)
	words := []any{"activity", info.ActivityType.Name, "attempt", info.Attempt, "type", kind, "error", err}
	if id, ok := api.ClusterIDOf(info.WorkflowExecution.ID); ok {
		words = append([]any{"cluster", id}, words...)
	}
	if refused(kind) {
		i.logger.Debug("attempt refused", words...)
		return out, err
	}
	i.logger.Warn("attempt failed", words...)
	i.meters.Failed(info.ActivityType.Name, kind)
	return out, err
}

func kindOf(err error) fault.Type {
	var failure *temporal.ApplicationError
	if f := fault.As(err); f != nil {
		return f.Type
	}
	if errors.As(err, &failure) && failure.Type() != "" {
		return fault.Type(failure.Type())
	}
	return fault.Internal
}

func refused(t fault.Type) bool {
	switch t {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.NotAllowed:
		return true
	}
	return false
}
