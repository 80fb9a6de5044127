package main

import (
	"context"
	"log/slog"

	"drover/metadata/store"
)

// addViews writes the views that clusters of an older version lack; every change of a cluster writes its own.
func addViews(ctx context.Context, kv *store.Store, logger *slog.Logger) {
	if err := kv.AddViews(ctx); err != nil && ctx.Err() == nil {
		logger.Warn("views of clusters are missing until their next operation", "error", err)
	}
}
