package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/workflows/api"
)

// Orphans looks after the orphan ledger: what could not be released is tried again until the provider says it is gone.
type Orphans struct{ Dependencies }

// ReleaseResult names what could not be released and went to the orphan ledger, the first of them with reasons.
type ReleaseResult struct {
	Orphans []string `json:"orphans,omitempty"`
}

// ListOrphans reads the ledger, and what is left of clusters without a control record in Consul.
func (a *Orphans) ListOrphans(ctx context.Context, in api.ListOrphansInput) (api.OrphanList, error) {
	ledger, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return api.OrphanList{}, err
	}
	if in.ClusterID != "" {
		ledger = ofCluster(ledger, in.ClusterID)
	}
	lifecycle.SortOrphans(ledger)
	out := api.OrphanList{Total: len(ledger), Orphans: []api.Orphan{}}
	for _, o := range ledger[:min(len(ledger), maxOrphansListed)] {
		view := api.Orphan(o)
		view.Reason = head(view.Reason, warningLimit/2)
		out.Orphans = append(out.Orphans, view)
	}
	if in.ClusterID == "" {
		out.Remains, err = a.remains(ctx)
	}
	return out, err
}

// remains are the clusters that nodes could see something of, and that have no control record. The keys are read first: a
// record is made before them, and goes after them.
func (a *Orphans) remains(ctx context.Context) ([]string, error) {
	ids, err := a.Trees.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	records, err := a.Records.Records(ctx)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		return slices.ContainsFunc(records, func(r *lifecycle.Record) bool { return r.ClusterID == id })
	})
	return ids[:min(len(ids), maxOrphansListed)], nil
}

// maxOrphansListed keeps the answer within what a workflow may return.
const maxOrphansListed = 500

// ReleaseOrphans tries once to release everything in the ledger. What is gone leaves it, and so does what a cluster turns
// out to use; what an operation may be busy with is left alone.
func (a *Orphans) ReleaseOrphans(ctx context.Context) (api.ReleasedOrphans, error) {
	var out api.ReleasedOrphans
	ledger, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return out, err
	}
	byProvider := map[string][]lifecycle.Orphan{}
	for _, o := range ledger {
		rec, err := a.recordOf(ctx, o.ClusterID)
		if err != nil {
			return out, err
		}
		switch lifecycle.ClaimOf(rec, o) {
		case lifecycle.InDoubt:
			out.Left++
		case lifecycle.Claimed:
			if err := a.Ledger.DropOrphan(ctx, o); err != nil {
				return out, err
			}
		default:
			byProvider[o.Provider] = append(byProvider[o.Provider], o)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byProvider)) {
		failed, err := a.tryAgain(ctx, name, byProvider[name])
		if err != nil {
			return out, err
		}
		out.Left += len(failed)
		out.Released += len(byProvider[name]) - len(failed)
	}
	return out, nil
}

// tryAgain releases entries of one provider and writes into the ledger how that went.
func (a *Orphans) tryAgain(ctx context.Context, provider string, orphans []lifecycle.Orphan) ([]lifecycle.Orphan, error) {
	failed := slices.Clone(orphans)
	p, err := a.provider(provider)
	if err == nil {
		failed = a.releaseEach(ctx, p, orphans)
	} else {
		for i := range failed {
			failed[i].Reason = reasonOf(err)
		}
	}
	for _, o := range orphans {
		if !slices.ContainsFunc(failed, o.Same) {
			if err := a.Ledger.DropOrphan(ctx, o); err != nil {
				return nil, err
			}
		}
	}
	for i := range failed {
		failed[i] = failed[i].Failed(a.stamp(), failed[i].Reason)
	}
	return failed, a.Ledger.PutOrphans(ctx, failed)
}

// CollectOrphans releases what a provider lists for a cluster and no record names: the cluster may have none, or the
// resource was made by somebody who died. What cannot be released goes to the ledger. The provider is asked first: what
// it lists was on record before it was made, so what the record does not name afterwards belongs to nobody.
func (a *Orphans) CollectOrphans(ctx context.Context, in api.CollectOrphansInput) (api.CollectedOrphans, error) {
	out := api.CollectedOrphans{Found: []string{}, DryRun: in.DryRun}
	found := map[string][]lifecycle.Orphan{}
	for name, p := range a.Providers {
		tagged, err := listed(ctx, p, in.ClusterID)
		if err != nil {
			return out, fault.Wrap(err, fault.Unreachable, "provider %s", name)
		}
		found[name] = tagged
	}
	rec, err := a.recordOf(ctx, in.ClusterID)
	if err != nil {
		return out, err
	}
	if rec != nil && rec.Operation.State == api.OpRunning {
		return out, fault.New(fault.NotAllowed, "%s runs on cluster %s: what it makes and releases is its own", rec.Operation.Type, in.ClusterID).
			WithHint("when it has ended, ask again").At(in.ClusterID, "", "")
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		strays := slices.DeleteFunc(found[name], func(o lifecycle.Orphan) bool {
			return lifecycle.ClaimOf(rec, o) != lifecycle.Unclaimed
		})
		for _, o := range strays {
			out.Found = append(out.Found, fmt.Sprintf("%s %s %s", o.Provider, o.Kind, o.ID))
		}
		if in.DryRun {
			continue
		}
		kept, err := a.keepOrphans(ctx, a.releaseEach(ctx, a.Providers[name], strays))
		if err != nil {
			return out, err
		}
		out.Left = append(out.Left, kept.Orphans...)
	}
	if rec == nil {
		if err := a.collectKeys(ctx, in, &out); err != nil {
			return out, err
		}
	}
	out.Found = out.Found[:min(len(out.Found), maxOrphansListed)]
	return out, nil
}

// collectKeys removes what nodes could see of a cluster that is gone, and what they could read it with.
func (a *Orphans) collectKeys(ctx context.Context, in api.CollectOrphansInput, out *api.CollectedOrphans) error {
	if runs, err := a.operationRuns(ctx, in.ClusterID); err != nil || runs {
		return err // it is just being created, or its deletion ends
	}
	look, err := a.Trees.Look(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	access, err := a.lookAtAccess(ctx, in.ClusterID, nil)
	if err != nil {
		return err
	}
	granted := access.Granted()
	if n := len(look.Keys); n > 0 {
		out.Found = append(out.Found, fmt.Sprintf("consul %d keys that nodes can see", n))
	}
	if granted {
		out.Found = append(out.Found, "consul policy and token of its nodes")
	}
	if in.DryRun {
		return nil
	}
	if len(look.Keys) > 0 || look.Revision > 0 {
		if err := a.Trees.Remove(ctx, in.ClusterID); err != nil {
			return err
		}
	}
	if granted {
		return a.revoke(ctx, in.ClusterID)
	}
	return nil
}

// recordOf gives a cluster's record, nil when there is none.
func (d Dependencies) recordOf(ctx context.Context, clusterID string) (*lifecycle.Record, error) {
	rec, _, err := d.Records.Record(ctx, clusterID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return rec, err
}

// ledgerOf are the entries of one cluster.
func (d Dependencies) ledgerOf(ctx context.Context, clusterID string) ([]lifecycle.Orphan, error) {
	ledger, err := d.Ledger.Orphans(ctx)
	return ofCluster(ledger, clusterID), err
}

func ofCluster(ledger []lifecycle.Orphan, clusterID string) []lifecycle.Orphan {
	var out []lifecycle.Orphan
	for _, o := range ledger {
		if o.ClusterID == clusterID {
			out = append(out, o)
		}
	}
	return out
}

// noOrphans refuses a new cluster under an id whose old resources are still there: they would be taken for its own.
func (d Dependencies) noOrphans(ctx context.Context, clusterID string) error {
	left, err := d.ledgerOf(ctx, clusterID)
	if err != nil || len(left) == 0 {
		return err
	}
	return fault.New(fault.Conflict, "%d resources of an earlier cluster %s are not released yet, the first: %s", len(left), clusterID, left[0]).
		WithHint("choose another id, or put the cause right and run: drover orphans --retry")
}

// keepOrphans writes down what could not be released. An entry the ledger has already keeps its age.
func (d Dependencies) keepOrphans(ctx context.Context, orphans []lifecycle.Orphan) (ReleaseResult, error) {
	if len(orphans) == 0 {
		return ReleaseResult{}, nil
	}
	ledger, err := d.Ledger.Orphans(ctx)
	if err != nil {
		return ReleaseResult{}, err
	}
	return ReleaseResult{Orphans: worded(orphans)}, d.Ledger.PutOrphans(ctx, lifecycle.Merge(ledger, orphans, d.stamp()))
}

// keepLost writes the resources of nodes that a change drops from the record into the ledger, before it does.
func (d Dependencies) keepLost(ctx context.Context, clusterID string, c *Change) error {
	if c == nil || c.Lost == "" {
		return nil
	}
	rec, _, err := d.Records.Record(ctx, clusterID)
	if err != nil {
		return err
	}
	var orphans []lifecycle.Orphan
	for _, n := range nodesOf(rec, c.Remove) {
		orphans = append(orphans, orphansOf(rec, n, c.Lost)...)
	}
	_, err = d.keepOrphans(ctx, orphans)
	return err
}

func (d Dependencies) stamp() string { return d.Now().UTC().Format(time.RFC3339) }

// orphansOf are all resources of a node, as entries of the ledger.
func orphansOf(rec *lifecycle.Record, n lifecycle.Node, reason string) []lifecycle.Orphan {
	var out []lifecycle.Orphan
	for _, r := range lifecycle.NodeResources(n) {
		out = append(out, lifecycle.Orphan{
			ClusterID: rec.ClusterID, NodeID: n.ID, Provider: rec.Provider, Kind: r.Kind, ID: r.ID, Why: rec.Operation.Type, Reason: reason,
		})
	}
	return out
}

// recorded is everything the record names.
func recorded(rec *lifecycle.Record) []lifecycle.Orphan {
	var out []lifecycle.Orphan
	for _, n := range rec.Nodes {
		out = append(out, orphansOf(rec, n, "")...)
	}
	return append(out, lifecycle.Orphan{ClusterID: rec.ClusterID, Provider: rec.Provider, Kind: lifecycle.KindNetwork, ID: rec.Spec.VxNet})
}

// listed is everything a provider lists under the tag of a cluster.
func listed(ctx context.Context, p providers.Provider, clusterID string) ([]lifecycle.Orphan, error) {
	resources, err := p.List(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	var out []lifecycle.Orphan
	add := func(kind, id, node string) {
		out = append(out, lifecycle.Orphan{ClusterID: clusterID, NodeID: node, Provider: p.Name(), Kind: kind, ID: id, Why: "listed by the provider, on no record"})
	}
	for _, i := range resources.Instances {
		add(lifecycle.KindInstance, i.ID, i.Tags.NodeID)
	}
	for _, v := range resources.Volumes {
		add(lifecycle.KindVolume, v.ID, v.Tags.NodeID)
	}
	for _, n := range resources.Networks {
		add(lifecycle.KindNetwork, n.VxNet, "")
	}
	return out, nil
}

// releaseEach releases resources, instances before what they hold, and gives back those that stay, with the reason.
func (d Dependencies) releaseEach(ctx context.Context, p providers.Provider, orphans []lifecycle.Orphan) []lifecycle.Orphan {
	var left []lifecycle.Orphan
	for _, group := range lifecycle.InReleaseOrder(orphans) {
		byID := map[string]lifecycle.Orphan{}
		for _, o := range group {
			key := o.ClusterID + "/" + o.ID
			if known, ok := byID[key]; !ok || known.NodeID == "" {
				byID[key] = o
			}
		}
		for _, failed := range fanOutIDs(ctx, slices.Sorted(maps.Keys(byID)), provisionLimit, func(ctx context.Context, key string, tell teller) error {
			if err := d.ours(ctx, tell); err != nil {
				return err
			}
			return d.remove(ctx, p, byID[key])
		}) {
			o := byID[failed.id]
			o.Reason = reasonOf(failed.err)
			left = append(left, o)
		}
	}
	return left
}

// remove releases one resource; what is not there is released.
func (d Dependencies) remove(ctx context.Context, p providers.Provider, o lifecycle.Orphan) error {
	var err error
	switch o.Kind {
	case lifecycle.KindInstance:
		err = p.DeleteInstance(ctx, o.ID)
	case lifecycle.KindVolume:
		err = p.DeleteVolume(ctx, o.ID)
	case lifecycle.KindNetwork:
		err = p.DeleteNetwork(ctx, o.ClusterID, o.ID)
	case lifecycle.KindCluster:
		err = d.removeAll(ctx, p, o)
	default:
		return fault.New(fault.Internal, "the orphan ledger has an entry of unknown kind %q", o.Kind)
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// removeAll releases whatever the provider lists for a cluster.
func (d Dependencies) removeAll(ctx context.Context, p providers.Provider, o lifecycle.Orphan) error {
	tagged, err := listed(ctx, p, o.ClusterID)
	if err != nil {
		return err
	}
	if left := d.releaseEach(ctx, p, tagged); len(left) > 0 {
		return fault.New(fault.Unreachable, "%s", left[0])
	}
	return nil
}

// lastTry says whether an activity's attempt is the last one of so many.
func lastTry(ctx context.Context, attempts int32) bool {
	return !activity.IsActivity(ctx) || activity.GetInfo(ctx).Attempt >= attempts
}

// reasonOf is a provider's refusal in bounded words.
func reasonOf(err error) string { return head(err.Error(), warningLimit) }

// worded are entries for people, bounded: the ledger has them all.
func worded(orphans []lifecycle.Orphan) []string {
	var out []string
	for _, o := range orphans[:min(len(orphans), maxOrphansNamed)] {
		o.Reason = head(o.Reason, warningLimit/2)
		out = append(out, o.String())
	}
	if more := len(orphans) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more: drover orphans", more))
	}
	return out
}
