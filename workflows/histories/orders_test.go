package histories

import (
	"bytes"
	"encoding/json"
	"fmt"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// orders notes the inputs a workflow gives its activities. The replayer compares types and ids of activities alone: it
// would take stopping services for starting them, which is the same activity with another word in it.
type orders struct {
	interceptor.WorkerInterceptorBase
	inputs map[string][]byte
	err    error
}

func (o *orders) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &ordersInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, o}
}

type ordersInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	orders *orders
}

func (i *ordersInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&ordersOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}, i.orders})
}

type ordersOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	orders *orders
}

func (i *ordersOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	i.orders.note(workflow.GetActivityOptions(ctx).ActivityID, activityType, args)
	return i.Next.ExecuteActivity(ctx, activityType, args...)
}

func (o *orders) note(id, activityType string, args []any) {
	if len(args) != 1 {
		o.err = fmt.Errorf("%s has %d inputs, not one", activityType, len(args))
		return
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(args[0])
	if err != nil {
		o.err = err
		return
	}
	if id == "" {
		id = activityType // reads have one activity and leave its id to the SDK
	}
	o.inputs[id] = p.GetData()
}

// compare says which activity of a history was given another input than now.
func (o *orders) compare(history *historypb.History) error {
	if o.err != nil {
		return o.err
	}
	for _, at := range scheduled(history) {
		a := history.Events[at].GetActivityTaskScheduledEventAttributes()
		now, ok := o.inputs[a.GetActivityId()]
		if !ok {
			now, ok = o.inputs[a.GetActivityType().GetName()]
		}
		if !ok {
			return fmt.Errorf("activity %s (%s) was not started", a.GetActivityId(), a.GetActivityType().GetName())
		}
		if then := a.GetInput().GetPayloads()[0].GetData(); !bytes.Equal(plain(then), plain(now)) {
			return fmt.Errorf("activity %s (%s) was given %s, and is given %s now", a.GetActivityId(), a.GetActivityType().GetName(), then, now)
		}
	}
	return nil
}

// plain is JSON with sorted keys.
func plain(data []byte) []byte {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return data
	}
	out, err := json.Marshal(v)
	if err != nil {
		return data
	}
	return out
}
