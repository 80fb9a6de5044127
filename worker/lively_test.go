package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

func TestOnlyPollsAreShort(t *testing.T) {
	t.Parallel()
	const service = "/temporal.api.workflowservice.v1.WorkflowService/"
	for method, short := range map[string]bool{
		"PollActivityTaskQueue": true, "PollWorkflowTaskQueue": true, "PollNexusTaskQueue": true,
		"PollWorkflowExecutionUpdate": false, "RespondActivityTaskCompleted": false, "GetWorkflowExecutionHistory": false,
	} {
		var deadline time.Time
		var has bool
		err := shortPolls(t.Context(), service+method, nil, nil, nil,
			func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				deadline, has = ctx.Deadline()
				return nil
			})
		require.NoError(t, err)
		require.Equal(t, short, has, method)
		if short {
			require.WithinDuration(t, time.Now().Add(pollFor), deadline, 2*time.Second, method)
		}
	}
}
