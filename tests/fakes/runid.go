package fakes

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// RunID gives the operations of a test environment a run id, as the server does; the environment gives none.
func RunID(id string) interceptor.WorkerInterceptor { return &runIDs{id: id} }

type runIDs struct {
	interceptor.WorkerInterceptorBase
	id string
}

func (r *runIDs) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &runIDInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, r.id}
}

type runIDInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	id string
}

func (r *runIDInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return r.Next.Init(&runIDOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}, r.id})
}

type runIDOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	id string
}

func (r *runIDOutbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *r.Next.GetInfo(ctx)
	info.FirstRunID = r.id
	return &info
}
