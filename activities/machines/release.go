package machines

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drover/activities/internal/attempt"
	"drover/activities/internal/bounds"
	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ledger"
	"drover/activities/internal/release"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// ReleaseResult names what could not be released and went to the orphan ledger, the first of them with reasons.
type ReleaseResult struct {
	Orphans []string `json:"orphans,omitempty"`
}

// ReleaseInput names a cluster whose resources all go.
type ReleaseInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
}

// ReleaseAttempts is how often an operation tries to release what a provider does not let go, before it leaves that to
// the orphan ledger and continues.
const ReleaseAttempts = 10

// Release deletes every instance, volume and network of the cluster: what providers list under the cluster's tag, what the
// record names and what the orphan ledger holds, so that nothing made by a worker that died before it could say so stays
// behind. A record that was lost takes nothing with it: then every provider is asked. What is gone already counts as
// released. What cannot be released is an error naming each resource until the last attempt, which hands it to the ledger.
func (a *Activities) Release(ctx context.Context, in ReleaseInput) (ReleaseResult, error) {
	rec, err := control.Find(ctx, a.Records, in.ClusterID)
	if err == nil && rec != nil {
		err = rec.OwnedBy(in.RunID)
	}
	if err != nil {
		return ReleaseResult{}, err
	}
	why, all := "record lost", map[string][]lifecycle.Orphan{}
	if rec != nil {
		if _, err := a.Providers.Find(rec.Provider); err != nil {
			return ReleaseResult{}, err
		}
		why, all[rec.Provider] = rec.Operation.Type, recorded(rec)
	} else {
		for name := range a.Providers {
			all[name] = nil
		}
	}
	known, err := ledger.OfCluster(ctx, a.Ledger, in.ClusterID)
	if err != nil {
		return ReleaseResult{}, err
	}
	var orphans []lifecycle.Orphan
	for _, name := range slices.Sorted(maps.Keys(all)) {
		orphans = append(orphans, a.releaseAt(ctx, a.Providers[name], in.ClusterID, all[name], known)...)
	}
	for i := range orphans {
		orphans[i].Why = why
	}
	for _, o := range known {
		if _, asked := all[o.Provider]; asked && !slices.ContainsFunc(orphans, o.Same) {
			if err := a.Ledger.DropOrphan(ctx, o); err != nil {
				return ReleaseResult{}, err
			}
		}
	}
	if len(orphans) > 0 && !attempt.Last(ctx, ReleaseAttempts) {
		names := named(orphans)
		f := fault.New(fault.Unreachable, "%d resources of %s could not be released: %s", len(orphans), in.ClusterID, strings.Join(names, "; "))
		f.Problems = names
		return ReleaseResult{}, f
	}
	return a.keep(ctx, orphans)
}

// releaseAt releases at one provider what it lists for a cluster, what is named, and what the ledger has there. It gives back
// what stays.
func (a *Activities) releaseAt(ctx context.Context, p providers.Provider, clusterID string, named, known []lifecycle.Orphan) []lifecycle.Orphan {
	tagged, listErr := release.Listed(ctx, p, clusterID)
	all := append(tagged, named...)
	for _, o := range known {
		if o.Provider == p.Name() && o.Kind != lifecycle.KindCluster {
			all = append(all, o)
		}
	}
	left := release.Each(ctx, a.Attempt, p, all)
	if listErr != nil {
		left = append(left, lifecycle.Orphan{
			ClusterID: clusterID, Provider: p.Name(), Kind: lifecycle.KindCluster, ID: clusterID, Reason: bounds.Reason(listErr),
		})
	}
	return left
}

// keep records in the ledger what could not be released.
func (a *Activities) keep(ctx context.Context, orphans []lifecycle.Orphan) (ReleaseResult, error) {
	words, err := ledger.Keep(ctx, a.Ledger, orphans, a.Now())
	return ReleaseResult{Orphans: words}, err
}

func named(orphans []lifecycle.Orphan) []string {
	var names []string
	for _, o := range orphans[:min(len(orphans), ledger.MaxNamed)] {
		names = append(names, fmt.Sprintf("%s %s (%s)", o.Kind, o.ID, bounds.Head(o.Reason, ledger.ReasonLimit)))
	}
	if more := len(orphans) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return names
}

// recorded is everything the record names.
func recorded(rec *lifecycle.Record) []lifecycle.Orphan {
	var out []lifecycle.Orphan
	for _, n := range rec.Nodes {
		out = append(out, ledger.OfNode(rec, n, "")...)
	}
	return append(out, lifecycle.Orphan{ClusterID: rec.ClusterID, Provider: rec.Provider, Kind: lifecycle.KindNetwork, ID: rec.Spec.VxNet})
}

// ReleaseNodesInput names nodes whose resources go. After Attempts tries what is left goes to the orphan ledger.
type ReleaseNodesInput struct {
	NodesInput
	Attempts int32 `json:"attempts"`
}

// ReleaseNodes deletes the instances and volumes of the named nodes. What cannot be released after the last attempt goes
// to the orphan ledger, so that it is neither forgotten nor in the way. That they are being released is in the record
// first: there is no way back from here.
func (a *Activities) ReleaseNodes(ctx context.Context, in ReleaseNodesInput) (ReleaseResult, error) {
	rec, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, in.ClusterID, func(rec *lifecycle.Record) error {
		for _, n := range rec.NamedNodes(in.Nodes) {
			if !slices.Contains(rec.Releasing, n.ID) {
				rec.Releasing = append(rec.Releasing, n.ID)
			}
		}
		return nil
	})
	if err != nil {
		return ReleaseResult{}, err
	}
	p, err := a.Providers.Find(rec.Provider)
	if err != nil {
		return ReleaseResult{}, err
	}
	var orphans []lifecycle.Orphan
	for _, r := range fanout.Run(ctx, rec.NamedNodes(in.Nodes), release.Limit, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) ([]lifecycle.Orphan, error) {
		if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
			return nil, err
		}
		return a.releaseNode(ctx, p, rec, n), nil
	}) {
		if r.Err != nil {
			return ReleaseResult{}, r.Err
		}
		orphans = append(orphans, r.Value...)
	}
	if len(orphans) > 0 && !attempt.Last(ctx, in.Attempts) {
		return ReleaseResult{}, fault.New(fault.Unreachable, "%s %s could not be released: %s", orphans[0].Kind, orphans[0].ID, orphans[0].Reason)
	}
	return a.keep(ctx, orphans)
}

func (a *Activities) releaseNode(ctx context.Context, p providers.Provider, rec *lifecycle.Record, n lifecycle.Node) []lifecycle.Orphan {
	var orphans []lifecycle.Orphan
	for _, o := range ledger.OfNode(rec, n, "") {
		if err := release.One(ctx, a.Attempt, p, o); err != nil {
			o.Reason = bounds.Reason(err)
			orphans = append(orphans, o)
		}
	}
	return orphans
}
