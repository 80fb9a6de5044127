package main

import (
	"context"
	"log/slog"
	"time"

	"drover/activities"
)

// accessEvery is how often a worker looks after the tokens of clusters. Operations do so by themselves: this is for what
// somebody removed by hand meanwhile.
const accessEvery = 10 * time.Minute

// keepAccess grants again what was lost, at the start and from time to time, until ctx ends.
func keepAccess(ctx context.Context, deps activities.Dependencies, logger *slog.Logger) {
	if deps.Access == nil {
		return
	}
	if on, why, err := deps.Access.On(ctx); err == nil {
		if on {
			logger.Info("each cluster's nodes get a Consul token of their own")
		} else {
			logger.Warn("nodes get no Consul token of their own", "because", why)
		}
	}
	tick := time.NewTicker(accessEvery)
	defer tick.Stop()
	for {
		if err := deps.RestoreAccess(ctx); err != nil && ctx.Err() == nil {
			logger.Warn("the Consul tokens of clusters could not be looked after", "error", err, "again_in", accessEvery)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
