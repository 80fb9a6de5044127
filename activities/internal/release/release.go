// Package release deletes resources at their provider, in an order that providers accept. It keeps no record of what
// stays: the orphan ledger does, and the subjects of activities decide what goes there.
package release

import (
	"context"
	"maps"
	"slices"

	"drover/activities/internal/attempt"
	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// Limit is how many machines one activity asks a provider for at the same time: a provider's concern, unlike stages,
// where every node must run at once.
const Limit = 16

// Each releases resources, instances before what they hold, and gives back those that stay, with the reason.
func Each(ctx context.Context, check attempt.Check, p providers.Provider, orphans []lifecycle.Orphan) []lifecycle.Orphan {
	var left []lifecycle.Orphan
	for _, group := range lifecycle.InReleaseOrder(orphans) {
		byID := map[string]lifecycle.Orphan{}
		for _, o := range group {
			key := o.ClusterID + "/" + o.ID
			if known, ok := byID[key]; !ok || known.NodeID == "" {
				byID[key] = o
			}
		}
		var keys []lifecycle.Node
		for _, key := range slices.Sorted(maps.Keys(byID)) {
			keys = append(keys, lifecycle.Node{ID: key})
		}
		for _, r := range fanout.Run(ctx, keys, Limit, func(ctx context.Context, key lifecycle.Node, progress fanout.Progress) (struct{}, error) {
			if err := check.StillCurrent(ctx, progress); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, One(ctx, check, p, byID[key.ID])
		}) {
			if r.Err != nil {
				o := byID[r.Node.ID]
				o.Reason = bounds.Reason(r.Err)
				left = append(left, o)
			}
		}
	}
	return left
}

// One releases one resource; a resource that does not exist is released.
func One(ctx context.Context, check attempt.Check, p providers.Provider, o lifecycle.Orphan) error {
	var err error
	switch o.Kind {
	case lifecycle.KindInstance:
		err = p.DeleteInstance(ctx, o.ID)
	case lifecycle.KindVolume:
		err = p.DeleteVolume(ctx, o.ID)
	case lifecycle.KindSnapshot:
		var snapshots providers.Snapshots
		if snapshots, err = providers.SnapshotsOf(p); err == nil {
			err = snapshots.DeleteSnapshot(ctx, o.ID)
		}
	case lifecycle.KindNetwork:
		err = p.DeleteNetwork(ctx, o.ClusterID, o.ID)
	case lifecycle.KindCluster:
		err = everything(ctx, check, p, o.ClusterID)
	default:
		return fault.New(fault.Internal, "the orphan ledger has an entry of unknown kind %q", o.Kind)
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// everything releases what the provider lists for a cluster.
func everything(ctx context.Context, check attempt.Check, p providers.Provider, clusterID string) error {
	tagged, err := Listed(ctx, p, clusterID)
	if err != nil {
		return err
	}
	if left := Each(ctx, check, p, tagged); len(left) > 0 {
		return fault.New(fault.Unreachable, "%s", left[0])
	}
	return nil
}

// Listed is everything that a provider lists under the tag of a cluster, or of any cluster ("").
func Listed(ctx context.Context, p providers.Provider, clusterID string) ([]lifecycle.Orphan, error) {
	resources, err := p.List(ctx, clusterID)
	return Entries(p, resources), err
}

// Entries are a provider's resources as entries of the ledger.
func Entries(p providers.Provider, resources providers.Resources) []lifecycle.Orphan {
	var out []lifecycle.Orphan
	add := func(kind, id string, tags providers.Tags) {
		out = append(out, lifecycle.Orphan{
			ClusterID: tags.ClusterID, NodeID: tags.NodeID, Provider: p.Name(), Kind: kind, ID: id, Why: "listed by the provider, on no record",
		})
	}
	for _, i := range resources.Instances {
		add(lifecycle.KindInstance, i.ID, i.Tags)
	}
	for _, v := range resources.Volumes {
		add(lifecycle.KindVolume, v.ID, v.Tags)
	}
	for _, s := range resources.Snapshots {
		add(lifecycle.KindSnapshot, s.ID, s.Tags)
	}
	for _, n := range resources.Networks {
		add(lifecycle.KindNetwork, n.VxNet, providers.Tags{ClusterID: n.ClusterID})
	}
	return out
}
