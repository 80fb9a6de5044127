package main

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"drover/fault"
	"drover/workflows/api"
)

// schedules are the Temporal Schedules of backups.
type schedules struct{ temporal client.Client }

// Remove deletes the schedule of a cluster, if it has one.
func (s schedules) Remove(ctx context.Context, clusterID string) error {
	err := s.temporal.ScheduleClient().GetHandle(ctx, api.ScheduleID(clusterID)).Delete(ctx)
	var none *serviceerror.NotFound
	if err == nil || errors.As(err, &none) {
		return nil
	}
	return fault.Wrap(err, fault.Unreachable, "remove the schedule of the backups of %s", clusterID)
}
