package orphans

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"drover/activities/internal/bounds"
	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/activities/internal/release"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// ListOrphans reads the ledger, and finds what is left of clusters without a control record, in Consul and at providers.
func (a *Activities) ListOrphans(ctx context.Context, in api.ListOrphansInput) (api.OrphanList, error) {
	entries, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return api.OrphanList{}, err
	}
	if in.ClusterID != "" {
		entries = ledger.Of(entries, in.ClusterID)
	}
	lifecycle.SortOrphans(entries)
	out := api.OrphanList{Total: len(entries), Orphans: []api.Orphan{}}
	for _, o := range entries[:min(len(entries), MaxListed)] {
		view := api.Orphan(o)
		view.Reason = bounds.Head(view.Reason, ledger.ReasonLimit)
		out.Orphans = append(out.Orphans, view)
	}
	if in.ClusterID == "" {
		err = a.remains(ctx, entries, &out)
	}
	return out, err
}

// remains are the clusters of which Consul or a provider has something and the ledger nothing, and that have no control
// record. A record is made before everything else, and goes after: records are read last. What could not be looked at is a
// problem, and no reason to report nothing.
func (a *Activities) remains(ctx context.Context, known []lifecycle.Orphan, out *api.OrphanList) error {
	ids, err := a.Trees.Clusters(ctx)
	if err != nil {
		return err
	}
	for _, name := range a.Providers.Names() {
		p := a.Providers[name]
		resources, err := p.List(ctx, "")
		if err != nil {
			out.Problems = append(out.Problems, fmt.Sprintf("provider %s cannot be queried: %s", name, bounds.Reason(err)))
			continue
		}
		for _, o := range release.Entries(p, resources) {
			if !slices.ContainsFunc(known, o.Same) {
				ids = append(ids, o.ClusterID)
			}
		}
		for _, problem := range resources.Unreadable {
			out.Problems = append(out.Problems, fmt.Sprintf("provider %s: %s", name, bounds.Head(problem, bounds.WarningLimit)))
		}
	}
	owned, err := a.Records.RecordIDs(ctx)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool {
		_, found := slices.BinarySearch(owned, id)
		return found
	})
	out.Remains = ids[:min(len(ids), MaxListed)]
	out.Problems = out.Problems[:min(len(out.Problems), maxProblems)]
	return nil
}

// maxProblems keeps the answer small; the rest shows once these are put right.
const maxProblems = 20

// MaxListed keeps the answer within what a workflow may return.
const MaxListed = 500

// ReleaseOrphans tries once to release everything in the ledger. What is gone leaves it, and so does what a cluster turns
// out to use; what an operation may be busy with is left alone.
func (a *Activities) ReleaseOrphans(ctx context.Context, _ api.RetryOrphansInput) (api.ReleasedOrphans, error) {
	var out api.ReleasedOrphans
	entries, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return out, err
	}
	byProvider := map[string][]lifecycle.Orphan{}
	for _, o := range entries {
		if o.Kind == lifecycle.KindUnreadable {
			continue // a person has to look at it
		}
		rec, err := control.Find(ctx, a.Records, o.ClusterID)
		if control.Unreadable(err) {
			out.Left++ // what the cluster still uses is unknown
			continue
		}
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
		failed, err := a.retry(ctx, name, byProvider[name])
		if err != nil {
			return out, err
		}
		out.Left += len(failed)
		out.Released += len(byProvider[name]) - len(failed)
	}
	return out, nil
}

// retry releases entries of one provider and writes into the ledger how that went.
func (a *Activities) retry(ctx context.Context, provider string, orphans []lifecycle.Orphan) ([]lifecycle.Orphan, error) {
	failed := slices.Clone(orphans)
	p, err := a.Providers.Find(provider)
	if err == nil {
		failed = release.Each(ctx, a.Attempt, p, orphans)
	} else {
		for i := range failed {
			failed[i].Reason = bounds.Reason(err)
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
		failed[i] = failed[i].Failed(ledger.Stamp(a.Now()), failed[i].Reason)
	}
	return failed, a.Ledger.PutOrphans(ctx, failed)
}

// CollectOrphans releases what a provider lists for a cluster and no record names: the cluster may have none, or the
// resource was made by an attempt that died. What cannot be released goes to the ledger. The provider is asked first: what
// it lists was on record before it was made, so what the record does not name afterwards has no owner.
func (a *Activities) CollectOrphans(ctx context.Context, in api.CollectOrphansInput) (api.CollectedOrphans, error) {
	out := api.CollectedOrphans{Found: []string{}, DryRun: in.DryRun}
	found := map[string][]lifecycle.Orphan{}
	for name, p := range a.Providers {
		tagged, err := release.Listed(ctx, p, in.ClusterID)
		if err != nil {
			return out, fault.Wrap(err, fault.Unreachable, "provider %s", name)
		}
		found[name] = tagged
	}
	rec, err := control.Find(ctx, a.Records, in.ClusterID)
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
		kept, err := ledger.Keep(ctx, a.Ledger, release.Each(ctx, a.Attempt, a.Providers[name], strays), a.Now())
		if err != nil {
			return out, err
		}
		out.Left = append(out.Left, kept...)
	}
	if rec == nil {
		if err := a.collectKeys(ctx, in, &out); err != nil {
			return out, err
		}
	}
	out.Found = out.Found[:min(len(out.Found), MaxListed)]
	return out, nil
}

// collectKeys removes what nodes could see of a cluster that is gone, and what they could read it with.
func (a *Activities) collectKeys(ctx context.Context, in api.CollectOrphansInput, out *api.CollectedOrphans) error {
	if runs, err := a.OperationRuns.OrRecord(ctx, a.Records, in.ClusterID); err != nil || runs {
		return err // it is just being created, or its deletion ends
	}
	look, err := a.Trees.Look(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	access, err := a.Tokens.Look(ctx, in.ClusterID, nil)
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
		return a.Tokens.Revoke(ctx, in.ClusterID)
	}
	return nil
}
