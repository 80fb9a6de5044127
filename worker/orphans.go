package main

import (
	"context"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drover/workflows/api"
)

// retryOrphans starts the retries of the orphan ledger unless they run: one run for all workers, which ends when the ledger
// is empty.
func retryOrphans(ctx context.Context, temporal client.Client, logger *slog.Logger) {
	_, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: api.OrphansWorkflowID, TaskQueue: api.TaskQueue, StaticSummary: "work off the orphan ledger",
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, api.RetryOrphans, api.RetryOrphansInput{})
	if err != nil {
		logger.Warn("orphans are not retried; start the retries with: drover orphans --retry", "error", err)
	}
}
