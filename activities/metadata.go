package activities

import (
	"context"
	"fmt"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// Metadata publishes what nodes know about each other, and removes it.
type Metadata struct{ Dependencies }

// PublishInput names the revision to publish. Writer makes a retry of the same operation a no-op and another writer a
// conflict.
type PublishInput struct {
	ClusterID string `json:"cluster_id"`
	Seq       int    `json:"seq"`
	Revision  int64  `json:"revision"`
	// Change is made to the control record first.
	Change *Change `json:"change,omitempty"`
	// Whole compares every key in Consul, and not what the revision before is known to have written: somebody else may have
	// been there.
	Whole bool `json:"whole,omitempty"`
}

// Publish makes a change to the control record, builds the tree from it and makes that visible as the given revision,
// all at once (B1).
func (a *Metadata) Publish(ctx context.Context, in PublishInput) error {
	if err := a.keepLost(ctx, in.ClusterID, in.Change); err != nil {
		return err
	}
	rec, err := a.update(ctx, in.ClusterID, func(rec *lifecycle.Record) error {
		in.Change.apply(rec)
		return nil
	})
	if err != nil {
		return err
	}
	return a.publish(ctx, rec, in.Seq, in.Revision, in.Whole)
}

// publish makes what the record says visible as a revision, and then the record say so.
func (d Dependencies) publish(ctx context.Context, rec *lifecycle.Record, seq int, revision int64, whole bool) error {
	tree, err := metadata.Build(rec)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the metadata of %s cannot be built", rec.ClusterID)
	}
	// Who may see it comes first: agents that are refused back off.
	if rec, err = d.grant(ctx, rec); err != nil {
		return err
	}
	put := d.Trees.Publish
	if whole {
		put = d.Trees.Republish
	}
	if err := put(ctx, rec.ClusterID, revision, writer(rec.ClusterID, seq), tree); err != nil {
		return err
	}
	_, err = d.update(ctx, rec.ClusterID, func(rec *lifecycle.Record) error {
		rec.Revision = max(rec.Revision, revision)
		return nil
	})
	return err
}

// DeregisterInput names a cluster of which nothing shall be known any more.
type DeregisterInput struct {
	ClusterID string `json:"cluster_id"`
}

// Deregister removes the cluster's metadata and then its control record. It is strictly the last step of a cluster.
func (a *Metadata) Deregister(ctx context.Context, in DeregisterInput) error {
	return a.forget(ctx, in.ClusterID)
}

// forget removes all that is known of a cluster. What its nodes may read is revoked after the record is gone: nobody
// grants it again.
func (d Dependencies) forget(ctx context.Context, clusterID string) error {
	if err := d.Trees.Remove(ctx, clusterID); err != nil {
		return err
	}
	if err := d.Records.DeleteRecord(ctx, clusterID); err != nil {
		return err
	}
	return d.revoke(ctx, clusterID)
}

// writer is how an operation signs the revisions it publishes.
func writer(clusterID string, seq int) string { return fmt.Sprintf("%s#%d", clusterID, seq) }
