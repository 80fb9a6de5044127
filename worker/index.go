package main

import (
	"context"
	"log/slog"

	"drover/metadata/store"
)

// indexRecords writes what control records of an older version, or from a backup, lack beside them; every change of a record
// writes its own. Operations that need the index make it themselves while none is complete.
func indexRecords(ctx context.Context, kv *store.Store, logger *slog.Logger) {
	if err := kv.Index(ctx); err != nil && ctx.Err() == nil {
		logger.Warn("the views of some clusters, and their claims to names and gsids, may be missing until a worker starts again", "error", err)
	}
}
