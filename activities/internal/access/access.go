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
	Revoke(ctx context.Context, g lifecycle.Grant) error
	// Granted is what was granted to a cluster; "" asks for all clusters.
	Granted(ctx context.Context, clusterID string) ([]lifecycle.Grant, error)
	// Look compares what is granted with what should be, which is nothing without a secret.
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

// Revoke ends what a cluster was granted and its record, if there is one, no longer has.
func (t Tokens) Revoke(ctx context.Context, clusterID string) error {
	if t.Store == nil {
		return nil
	}
	granted, err := t.Store.Granted(ctx, clusterID) // first: a record is older than what is granted to it
	if err != nil || len(granted) == 0 {
		return err
	}
	rec, err := control.Find(ctx, t.Records, clusterID)
	if err != nil {
		return err
	}
	var records []*lifecycle.Record
	if rec != nil {
		records = append(records, rec)
	}
	return t.revoke(ctx, lifecycle.Strays(granted, records))
}

func (t Tokens) revoke(ctx context.Context, grants []lifecycle.Grant) error {
	var problems []error
	for _, g := range grants {
		problems = append(problems, t.Store.Revoke(ctx, g))
	}
	return errors.Join(problems...)
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

// Lister reads all control records, a few at a time; one that cannot be read has the state unreadable and nothing else.
type Lister interface {
	EachRecord(ctx context.Context, f func(*lifecycle.Record) error) error
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
	granted, err := t.Store.Granted(ctx, "") // first: a record is older than what is granted to it
	if err != nil {
		return err
	}
	var problems []error
	var records []*lifecycle.Record
	if err := all.EachRecord(ctx, func(rec *lifecycle.Record) error {
		records = append(records, &lifecycle.Record{ClusterID: rec.ClusterID, State: rec.State, ConsulToken: rec.ConsulToken})
		if rec.ConsulToken != "" {
			problems = append(problems, t.restore(ctx, rec))
		}
		return nil
	}); err != nil {
		return err
	}
	return errors.Join(append(problems, t.revoke(ctx, lifecycle.Strays(granted, records)))...)
}

// restore grants again to a cluster that may be deleted at this moment.
func (t Tokens) restore(ctx context.Context, rec *lifecycle.Record) error {
	if err := t.Store.Grant(ctx, lifecycle.AccessOf(rec)); err != nil {
		return err
	}
	_, _, err := t.Records.Record(ctx, rec.ClusterID)
	if fault.Is(err, fault.NotFound) {
		return t.Revoke(ctx, rec.ClusterID)
	}
	return err
}
