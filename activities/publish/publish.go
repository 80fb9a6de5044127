package publish

import (
	"context"

	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/activities/internal/packages"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// PublishInput names the revision to publish. A retry of the same run is a no-op, another run's a conflict.
type PublishInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
	Revision  int64  `json:"revision"`
	// Change is made to the control record first.
	Change *Change `json:"change,omitempty"`
	// Whole compares every key in Consul, and not what the previous revision is known to have written: others may have changed keys.
	Whole bool `json:"whole,omitempty"`
}

// Publish makes a change to the control record, builds the tree from it and makes that visible as the given revision,
// all at once (B1).
func (a *Activities) Publish(ctx context.Context, in PublishInput) error {
	if err := a.keepLost(ctx, in); err != nil {
		return err
	}
	rec, err := control.UpdateOwn(ctx, a.Records, a.Attempt, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		in.Change.apply(rec)
		if in.Change.resizes() {
			if err := packages.Follow(ctx, a.Apps, rec); err != nil {
				return err
			}
		}
		return control.Publishable(a.Records, rec)
	})
	if err != nil {
		return err
	}
	return a.publish(ctx, rec, in.RunID, in.Revision, in.Whole)
}

// publish makes the record visible as a revision, and then records that.
func (a *Activities) publish(ctx context.Context, rec *lifecycle.Record, run string, revision int64, whole bool) error {
	tree, err := metadata.Build(rec)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the metadata of %s cannot be built", rec.ClusterID)
	}
	// Who may see it comes first: agents that are refused back off.
	if rec, err = a.Tokens.Grant(ctx, rec); err != nil {
		return err
	}
	put := a.Trees.Publish
	if whole {
		put = a.Trees.Republish
	}
	if err := put(ctx, rec.ClusterID, revision, run, tree); err != nil {
		return err
	}
	_, err = control.UpdateOwn(ctx, a.Records, a.Attempt, rec.ClusterID, run, func(rec *lifecycle.Record) error {
		rec.Revision = max(rec.Revision, revision)
		return nil
	})
	return err
}

// DeregisterInput names a cluster whose metadata and record are removed.
type DeregisterInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
}

// Deregister removes the schedule of the cluster's backups, its metadata and its control record. It is strictly the last step of a
// cluster.
func (a *Activities) Deregister(ctx context.Context, in DeregisterInput) error {
	if a.Schedules != nil {
		if err := a.Schedules.Remove(ctx, in.ClusterID); err != nil {
			return err
		}
	}
	return control.Forget(ctx, a.Trees, a.Tokens, in.ClusterID, in.RunID)
}

// keepLost writes the resources of nodes that a change drops from the record into the ledger, before it does.
func (a *Activities) keepLost(ctx context.Context, in PublishInput) error {
	c := in.Change
	if c == nil || c.Lost == "" {
		return nil
	}
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err == nil {
		err = rec.OwnedBy(in.RunID)
	}
	if err != nil {
		return err
	}
	var orphans []lifecycle.Orphan
	for _, n := range rec.NamedNodes(c.Remove) {
		orphans = append(orphans, ledger.OfNode(rec, n, c.Lost)...)
	}
	_, err = ledger.Keep(ctx, a.Ledger, orphans, a.Now())
	return err
}
