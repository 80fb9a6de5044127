// Package control reads and changes control records with compare-and-swap. What a change means is decided by its caller,
// one of the subjects of activities.
package control

import (
	"context"

	"drover/activities/internal/attempt"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// Reader reads control records.
type Reader interface {
	// Record gives the record and its index; NotFound when there is none.
	Record(ctx context.Context, clusterID string) (*lifecycle.Record, uint64, error)
}

// Store also writes them. PutRecord is a Conflict unless the record still has that index (0: it must not exist yet).
type Store interface {
	Reader
	PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error)
	// PutClaiming is PutRecord for a record whose claims are not had, those that it was read with. A name or a gsid that another
	// cluster has is a Conflict.
	PutClaiming(ctx context.Context, rec *lifecycle.Record, index uint64, had lifecycle.Claims) (uint64, error)
	// CheckRecord is the fault of PutRecord for a record that is too large.
	CheckRecord(rec *lifecycle.Record) error
}

// Publishable reports whether a record can be written, and what nodes would see then be published. No record is written
// that promises more: every later publish of the cluster would fail.
func Publishable(s Store, rec *lifecycle.Record) error {
	tree, err := metadata.Build(rec)
	if err != nil {
		return err
	}
	if err := tree.CheckSizes(rec.ClusterID); err != nil {
		return err
	}
	return s.CheckRecord(rec)
}

// MaxTries bounds how often a record is read again after another writer was faster.
const MaxTries = 50

// Update reads, changes and writes a record, and repeats that when another writer was faster. It returns what it wrote.
// A record that changes all the time is Unreachable, which is retryable.
func Update(ctx context.Context, s Store, clusterID string, change func(*lifecycle.Record) error) (*lifecycle.Record, error) {
	for range MaxTries {
		rec, index, err := s.Record(ctx, clusterID)
		if err != nil {
			return nil, err
		}
		had := rec.Claims()
		if err := change(rec); err != nil {
			return nil, err
		}
		_, err = Put(ctx, s, rec, index, had)
		if err == nil {
			return rec, nil
		}
		if !fault.Is(err, fault.Conflict) {
			return nil, err
		}
	}
	return nil, fault.New(fault.Unreachable, "the control record of %s changed during each of %d writes", clusterID, MaxTries)
}

// Put writes a record that was read with index and the claims had.
func Put(ctx context.Context, s Store, rec *lifecycle.Record, index uint64, had lifecycle.Claims) (uint64, error) {
	if had.Equal(rec.Claims()) {
		return s.PutRecord(ctx, rec, index)
	}
	return s.PutClaiming(ctx, rec, index, had)
}

// UpdateCurrent is Update for activities: between reading the record and writing it the server is asked, so that an attempt
// which was held up does not replace newer facts with older ones.
func UpdateCurrent(ctx context.Context, s Store, check attempt.Check, clusterID string, change func(*lifecycle.Record) error) (*lifecycle.Record, error) {
	return Update(ctx, s, clusterID, func(rec *lifecycle.Record) error {
		if err := check.StillCurrent(ctx, fanout.None()); err != nil {
			return err
		}
		return change(rec)
	})
}

// Find gives a cluster's record, nil when there is none.
func Find(ctx context.Context, r Reader, clusterID string) (*lifecycle.Record, error) {
	rec, _, err := r.Record(ctx, clusterID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return rec, err
}

// Unreadable reports whether a record could be read from the store and is damaged: reading it again does not help.
func Unreadable(err error) bool {
	f := fault.As(err)
	return f != nil && f.Type == fault.Internal && !f.Retryable
}

// Running reports whether an operation of a cluster is open: by the workflow engine's word, or the record's when there is
// no engine to ask (nil).
type Running func(ctx context.Context, clusterID string) (bool, error)

// OrRecord falls back to the record.
func (ask Running) OrRecord(ctx context.Context, r Reader, clusterID string) (bool, error) {
	if ask != nil {
		return ask(ctx, clusterID)
	}
	rec, err := Find(ctx, r, clusterID)
	return rec != nil && rec.Operation.State == api.OpRunning, err
}

// UpdateOwn is UpdateCurrent for the run that owns the cluster by its record; another is refused with a Conflict. The run alone is
// not enough: an attempt of it that was held up beyond the end of the operation would make its change again.
func UpdateOwn(ctx context.Context, s Store, check attempt.Check, clusterID, run string, change func(*lifecycle.Record) error) (*lifecycle.Record, error) {
	return UpdateCurrent(ctx, s, check, clusterID, func(rec *lifecycle.Record) error {
		if err := rec.OwnedBy(run); err != nil {
			return err
		}
		return change(rec)
	})
}

// Forgetter removes what nodes see of a cluster and its control record, in one step, for the run that owns it. What does not
// exist is removed already.
type Forgetter interface {
	Forget(ctx context.Context, clusterID, run string) error
}

// Tokens revokes what nodes of a cluster may read.
type Tokens interface {
	Revoke(ctx context.Context, clusterID string) error
}

// Forget removes all that is known of a cluster. Its nodes' access is revoked after the record is gone, when nothing
// grants it again.
func Forget(ctx context.Context, clusters Forgetter, tokens Tokens, clusterID, run string) error {
	if err := clusters.Forget(ctx, clusterID, run); err != nil {
		return err
	}
	return tokens.Revoke(ctx, clusterID)
}
