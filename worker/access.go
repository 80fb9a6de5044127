package main

import (
	"context"
	"log/slog"
	"time"

	"drover/activities"
)

// accessEvery is the interval at which a worker restores the tokens of clusters. Operations do it too; this is for tokens
// that were removed manually in between.
const accessEvery = 10 * time.Minute

// keepAccess restores missing tokens at the start and every accessEvery, until ctx ends.
func keepAccess(ctx context.Context, deps activities.Dependencies, logger *slog.Logger) {
	if deps.Access == nil {
		return
	}
	if on, why, err := deps.Access.On(ctx); err == nil {
		if on {
			logger.Info("the nodes of each cluster get their own Consul token")
		} else {
			logger.Warn("the nodes of a cluster do not get their own Consul token", "because", why)
		}
	}
	tick := time.NewTicker(accessEvery)
	defer tick.Stop()
	for {
		if err := deps.RestoreAccess(ctx); err != nil && ctx.Err() == nil {
			logger.Warn("restoring the Consul tokens of clusters failed", "error", err, "retry_in", accessEvery)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
