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
	if err := startOnce(ctx, temporal, api.OrphansWorkflowID, "work off the orphan ledger", api.RetryOrphans, api.RetryOrphansInput{}); err != nil {
		logger.Warn("orphans are not retried; start the retries with: drover orphans --retry", "error", err)
	}
}

// emptyBin starts the timer of the recycle bin unless it runs, likewise.
func emptyBin(ctx context.Context, temporal client.Client, logger *slog.Logger) {
	if err := startOnce(ctx, temporal, api.BinWorkflowID, "release clusters whose time in the recycle bin is up", api.EmptyBin, api.EmptyBinInput{}); err != nil {
		logger.Warn("deleted clusters stay in the recycle bin; release them with: drover cease", "error", err)
	}
}

// startOnce starts a workflow of which one run serves all workers.
func startOnce(ctx context.Context, temporal client.Client, id, summary, name string, in any) error {
	_, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: api.TaskQueue, StaticSummary: summary,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, name, in)
	return err
}
