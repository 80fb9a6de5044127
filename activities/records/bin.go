package records

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"drover/activities/internal/control"
	"drover/activities/internal/release"
	"drover/activities/internal/views"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// keep notes how long the deletion keeps the cluster in the recycle bin.
func (a *Activities) keep(rec *lifecycle.Record, view lifecycle.View, in api.DeleteClusterInput) string {
	rec.Operation.Keep = ""
	if d := lifecycle.KeepFor(view, in.Keep, rec.Keep, a.Keep); d > 0 {
		rec.Operation.Keep = lifecycle.Span(d)
	}
	return rec.Operation.Keep
}

// beginRecover checks that all data is there still, and gives the cluster its whole time in the recycle bin again. It returns
// what the cluster links to and will not find.
func (a *Activities) beginRecover(ctx context.Context, rec *lifecycle.Record) ([]string, error) {
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return nil, err
	}
	listed, err := release.Listed(ctx, p, rec.ClusterID)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unreachable, "provider %s cannot be asked for the volumes of %s", rec.Provider, rec.ClusterID)
	}
	var volumes []string
	for _, o := range listed {
		if o.Kind == lifecycle.KindVolume {
			volumes = append(volumes, o.ID)
		}
	}
	if err := refused(rec, lifecycle.MayRecover(rec, volumes)); err != nil {
		return nil, err
	}
	rec.StayInBin(a.Now())
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(rec.Spec.Links)) {
		id := rec.Spec.Links[name]
		if id == "" {
			continue
		}
		linked, err := control.Find(ctx, a.Records, id)
		switch {
		case err != nil && !control.Unreadable(err):
			return nil, err
		case err == nil && linked == nil:
			lost = append(lost, fmt.Sprintf("link %s refers to %s, which does not exist", name, id))
		case err == nil && linked.State == lifecycle.Deleted:
			lost = append(lost, fmt.Sprintf("link %s refers to %s, which is in the recycle bin: drover recover %s", name, id, id))
		}
	}
	return lost, nil
}

// DueClusters looks into the recycle bin. One record that cannot be read keeps no other cluster there.
func (a *Activities) DueClusters(ctx context.Context, _ api.EmptyBinInput) (api.DueClusters, error) {
	var out api.DueClusters
	next := time.Duration(math.MaxInt64)
	err := views.Each(ctx, a.Records, func(v metadata.View) error {
		rec := lifecycle.Record{State: lifecycle.State(v.State), Protected: v.Protected, Binned: v.Binned}
		if rec.Binned != nil {
			out.Binned++
		}
		switch left, in := rec.DueIn(a.Now()); {
		case !in:
		case left == 0:
			out.Due = append(out.Due, v.ClusterID)
		default:
			next = min(next, left)
		}
		return nil
	})
	if next != math.MaxInt64 {
		out.NextSec = int(math.Ceil(next.Seconds()))
	}
	return out, err
}
