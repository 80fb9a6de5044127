package workflows_test

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
)

// How the chosen activity call goes wrong.
const (
	failsBefore = "fails before its effect"
	failsAfter  = "fails after its effect"
	cancelled   = "is cancelled before"
	died        = "never comes: the operation is terminated"
)

// injection counts the activity calls of an operation and makes the k-th one go wrong, for good.
type injection struct {
	interceptor.WorkerInterceptorBase
	env  *testsuite.TestWorkflowEnvironment
	k    int // counted from 1; 0: only counts
	how  string
	says error // of a cancelled call that is not on a disconnected context; nil: that it was cancelled
	mu   sync.Mutex
	seen []string // names of the activities, in order
}

func (i *injection) next(name string) (mine, dead bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen = append(i.seen, name)
	return len(i.seen) == i.k, i.how == died && len(i.seen) >= i.k
}

func (i *injection) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &injectedActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, i}
}

type injectedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	*injection
}

func (a *injectedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	a.mu.Lock()
	mine := (a.how == failsBefore || a.how == failsAfter) && len(a.seen) == a.k
	a.mu.Unlock()
	injected := &fault.Fault{Type: fault.Internal, Message: "injected"}
	if mine && a.how == failsBefore {
		return nil, injected
	}
	out, err := a.Next.ExecuteActivity(ctx, in)
	if mine && err == nil {
		return nil, injected
	}
	return out, err
}

func (i *injection) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &injectedInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, i}
}

type injectedInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	*injection
}

func (i *injectedInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&injectedOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}, i.injection})
}

type injectedOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	*injection
}

// ExecuteActivity cancels the workflow before the chosen call. As on a server, an activity that is cancelled before it is
// scheduled never begins; one on a disconnected context does not notice.
func (o *injectedOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	mine, dead := o.next(name)
	if dead {
		future, settable := workflow.NewFuture(ctx)
		settable.SetError(fault.New(fault.Internal, "terminated"))
		return future
	}
	if mine && o.how == cancelled {
		o.env.CancelWorkflow()
		apart, _ := workflow.NewDisconnectedContext(ctx)
		_ = workflow.Sleep(apart, time.Millisecond)
	}
	if err := ctx.Err(); err != nil {
		future, settable := workflow.NewFuture(ctx)
		if mine && o.says != nil {
			err = o.says
		}
		settable.SetError(err)
		return future
	}
	return o.Next.ExecuteActivity(ctx, name, args...)
}

// timedOut is what a workflow hears of an activity whose worker died after a cancel: the server does not try it again.
func timedOut() error {
	return temporal.GetDefaultFailureConverter().FailureToError(&failure.Failure{
		Message: "activity error",
		FailureInfo: &failure.Failure_ActivityFailureInfo{ActivityFailureInfo: &failure.ActivityFailureInfo{
			RetryState: enums.RETRY_STATE_CANCEL_REQUESTED,
		}},
		Cause: &failure.Failure{
			Message: "activity Heartbeat timeout",
			FailureInfo: &failure.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failure.TimeoutFailureInfo{
				TimeoutType: enums.TIMEOUT_TYPE_HEARTBEAT,
			}},
		},
	})
}
