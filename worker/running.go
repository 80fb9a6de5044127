package main

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"drover/fault"
	"drover/workflows/api"
)

// operationRuns asks Temporal whether an operation of a cluster is open: the record can name an operation long after it
// was terminated.
func operationRuns(temporal client.Client) func(context.Context, string) (bool, error) {
	return func(ctx context.Context, clusterID string) (bool, error) {
		described, err := temporal.DescribeWorkflowExecution(ctx, api.WorkflowID(clusterID), "")
		var none *serviceerror.NotFound
		switch {
		case errors.As(err, &none):
			return false, nil
		case err != nil:
			return false, fault.Wrap(err, fault.Unreachable, "ask Temporal for the operation of %s", clusterID)
		}
		return described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
	}
}
