package client

import (
	"context"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"

	"drover/workflows/api"
)

// Held are the clusters whose operation holds a step for a decision, as Temporal's visibility knows them.
func (c *Client) Held(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	var page []byte
	for {
		answer, err := c.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("ExecutionStatus = 'Running' AND %s = '%s'", api.AttrOperationState, api.OpHeld), PageSize: 1000, NextPageToken: page,
		})
		if err != nil {
			return nil, serviceFault(ctx, err, "cannot list the held operations")
		}
		for _, info := range answer.GetExecutions() {
			if id, ok := api.ClusterIDOf(info.GetExecution().GetWorkflowId()); ok {
				out[id] = true
			}
		}
		if page = answer.GetNextPageToken(); len(page) == 0 {
			return out, nil
		}
	}
}
