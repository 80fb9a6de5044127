// Package access keeps the Consul token of each cluster, with which its nodes read their own metadata and that of linked
// clusters. The store makes policies and tokens; the subjects of activities and the worker call this package.
package access

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"drover/activities/internal/control"
	"drover/fault"
	"drover/lifecycle"
)

// Store makes and removes tokens. While it is off, Grant and Revoke do nothing.
type Store interface {
	// On reports whether tokens are given out, and if not, why.
	On(ctx context.Context) (on bool, why string, err error)
	Grant(ctx context.Context, want lifecycle.Access) error
	Revoke(ctx context.Context, clusterID string) error
	// Granted are the clusters that something was granted to.
	Granted(ctx context.Context) ([]string, error)
	Look(ctx context.Context, want lifecycle.Access) (lifecycle.AccessSight, error)
}

// Tokens gives clusters their tokens; without a store it does nothing.
type Tokens struct {
	Store   Store
	Records control.Store
}

// Grant gives a record's nodes in Consul what they may read, and returns the record with the token. The secret is chosen
// once and recorded before the token is made, so that a retry makes the same one. It reaches nodes in their agent's
// settings only.
func (t Tokens) Grant(ctx context.Context, rec *lifecycle.Record) (*lifecycle.Record, error) {
	if t.Store == nil {
		return rec, nil
	}
	on, _, err := t.Store.On(ctx)
	if err != nil || !on {
		return rec, err
	}
	if rec.ConsulToken == "" {
		if rec, err = control.Update(ctx, t.Records, rec.ClusterID, func(rec *lifecycle.Record) error {
			if rec.ConsulToken == "" {
				rec.ConsulToken = uuid.NewString()
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return rec, t.Store.Grant(ctx, lifecycle.AccessOf(rec))
}

// Revoke ends what the nodes of a cluster may read.
func (t Tokens) Revoke(ctx context.Context, clusterID string) error {
	if t.Store == nil {
		return nil
	}
	return t.Store.Revoke(ctx, clusterID)
}

// Look compares what is granted to a cluster with what its record (nil: none) requires.
func (t Tokens) Look(ctx context.Context, clusterID string, rec *lifecycle.Record) (lifecycle.AccessSight, error) {
	if t.Store == nil {
		return lifecycle.AccessSight{}, nil
	}
	want := lifecycle.Access{ClusterID: clusterID}
	if rec != nil {
		want = lifecycle.AccessOf(rec)
	}
	return t.Store.Look(ctx, want)
}

// Lister lists all control records.
type Lister interface {
	Records(ctx context.Context) ([]*lifecycle.Record, error)
}

// Restore grants again what was lost, and revokes what is left of clusters that are gone. Workers call it from time to
// time; operations do not depend on it. It joins the errors of all clusters.
func (t Tokens) Restore(ctx context.Context, all Lister) error {
	if t.Store == nil {
		return nil
	}
	on, _, err := t.Store.On(ctx)
	if err != nil || !on {
		return err
	}
	granted, err := t.Store.Granted(ctx) // first: a record is older than what is granted to it
	if err != nil {
		return err
	}
	records, err := all.Records(ctx)
	if err != nil {
		return err
	}
	var problems []error
	known := map[string]bool{}
	for _, rec := range records {
		known[rec.ClusterID] = true
		if rec.ConsulToken != "" {
			problems = append(problems, t.restore(ctx, rec))
		}
	}
	for _, id := range granted {
		if !known[id] {
			problems = append(problems, t.Store.Revoke(ctx, id))
		}
	}
	return errors.Join(problems...)
}

// restore grants again to a cluster that may be deleted at this moment.
func (t Tokens) restore(ctx context.Context, rec *lifecycle.Record) error {
	if err := t.Store.Grant(ctx, lifecycle.AccessOf(rec)); err != nil {
		return err
	}
	_, _, err := t.Records.Record(ctx, rec.ClusterID)
	if fault.Is(err, fault.NotFound) {
		return t.Store.Revoke(ctx, rec.ClusterID)
	}
	return err
}
