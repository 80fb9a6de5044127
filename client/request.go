package client

import (
	"context"
	"fmt"

	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"drover/workflows/api"
)

type requestIDKey struct{}

// withRequestID has the start of a workflow within ctx carry the id; "" leaves the SDK's own.
func withRequestID(ctx context.Context, id string) context.Context {
	if id == "" {
		return ctx
	}
	return context.WithValue(ctx, requestIDKey{}, id)
}

// requestIDs sets the request id of starts: the SDK has no option for it. The server answers a start with the id of the latest
// run under its workflow id with that run.
func requestIDs(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if start, ok := req.(*workflowservice.StartWorkflowExecutionRequest); ok {
		if id, ok := ctx.Value(requestIDKey{}).(string); ok {
			start.RequestId = id
		}
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

// memo is what the workflow's record keeps of the request.
func (r Request) memo() map[string]any {
	out := map[string]any{}
	if r.By != "" {
		out[api.MemoBy] = r.By
	}
	if r.Summary != "" {
		out[api.MemoWhat] = r.Summary
	}
	if r.RequestID != "" {
		out[api.MemoRequest] = r.RequestID
	}
	return out
}

// memo reads one memo of a run.
func (c *Client) memo(info *workflow.WorkflowExecutionInfo, name string) (value string, ok bool) {
	field := info.GetMemo().GetFields()[name]
	if field == nil {
		return "", false
	}
	payloads, _ := c.converters()
	return value, payloads.FromPayload(field, &value) == nil
}

// searched bounds the operations of a cluster among which an earlier request is looked for.
const searched = 200

// earlier is the operation that the same request started before; nil when there is none. The server itself remembers the request
// of the latest run alone.
func (c *Client) earlier(ctx context.Context, r Request) (*Started, error) {
	if r.RequestID == "" {
		return nil, nil
	}
	answer, err := c.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowId = '%s'", api.WorkflowID(r.ClusterID)), PageSize: searched,
	})
	if err != nil {
		return nil, serviceFault(ctx, err, "cannot list the operations of %s", r.ClusterID)
	}
	for _, info := range answer.GetExecutions() {
		if id, ok := c.memo(info, api.MemoRequest); ok && id == r.RequestID {
			run := info.GetFirstRunId()
			if run == "" {
				run = info.GetExecution().GetRunId()
			}
			return &Started{
				ClusterID: r.ClusterID, Operation: info.GetType().GetName(), WorkflowID: info.GetExecution().GetWorkflowId(), RunID: run,
			}, nil
		}
	}
	return nil, nil
}
