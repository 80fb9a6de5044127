package store

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/consul/api"
	"golang.org/x/sync/errgroup"

	"drover/fault"
	"drover/lifecycle"
)

// indexMark is the document that says that all control records are indexed: those of a version without the index are not.
const indexMark = "records-indexed-2"

// indexed makes sure, once for a process, that every control record is in the index of claims.
func (s *Store) indexed(ctx context.Context) error {
	if s.complete.Load() {
		return nil
	}
	return s.alone(ctx, func() error {
		if s.complete.Load() {
			return nil
		}
		_, mark, err := s.Document(indexMark).Get(ctx)
		if err != nil || mark == 0 {
			return s.index(ctx)
		}
		s.complete.Store(true)
		return nil
	})
}

// Index writes what control records lack beside them: their view, and their claims. Records of an earlier version have none, and
// those that were put back from a backup may lack some.
func (s *Store) Index(ctx context.Context) error {
	return s.alone(ctx, func() error { return s.index(ctx) })
}

// alone runs f while this process indexes nothing else.
func (s *Store) alone(ctx context.Context, f func() error) error {
	select {
	case s.indexing <- struct{}{}:
	case <-ctx.Done():
		return fault.Wrap(context.Cause(ctx), fault.Unreachable, "the control records are still being indexed")
	}
	defer func() { <-s.indexing }()
	return f()
}

// indexWriters is how many records are indexed at the same time.
const indexWriters = 8

func (s *Store) index(ctx context.Context) error {
	const what = "index the control records"
	document := s.Document(indexMark)
	_, mark, err := document.Get(ctx)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, folder := range []string{"views", "names", "gsids", "links"} {
		prefix := s.prefix + "/" + folder + "/"
		ends, err := s.below(ctx, prefix, what)
		if err != nil {
			return err
		}
		for _, end := range ends {
			have[prefix+end] = true
		}
	}
	ids, err := s.RecordIDs(ctx)
	if err != nil {
		return err
	}
	writing, within := errgroup.WithContext(ctx)
	writing.SetLimit(indexWriters)
	err = s.eachPair(ctx, ids, s.recordKey, what, func(id string, kv *api.KVPair) error {
		rec, err := unpackRecord(kv)
		if err != nil || rec.ClusterID != id {
			return nil // what cannot be read has no view and no claims
		}
		ops, err := s.lacking(rec, have)
		if err != nil {
			return err
		}
		guard := unchanged(kv.Key, kv.ModifyIndex)
		if mark == 0 || !have[s.viewKey(id)] { // views of an earlier version lack labels, and which nodes have an agent
			view, err := s.putView(rec, maxBody/2)
			if err != nil {
				return err
			}
			ops = append([]*api.KVTxnOp{view}, ops...)
		}
		for batch := range slices.Chunk(ops, gsidsAtOnce) {
			writing.Go(func() error { return s.unlessRaced(within, what, append([]*api.KVTxnOp{guard}, batch...)...) })
		}
		return within.Err()
	})
	if err = errors.Join(err, writing.Wait()); err != nil {
		return err
	}
	if mark == 0 {
		if err := document.Put(ctx, []byte("1"), 0); err != nil && !fault.Is(err, fault.Conflict) { // another worker did the same
			return err
		}
	}
	s.complete.Store(true)
	return nil
}

// unlessRaced commits a change; a race is one with an operation, which indexes what it writes.
func (s *Store) unlessRaced(ctx context.Context, what string, ops ...*api.KVTxnOp) error {
	_, err := s.commit(ctx, ops, what)
	if errors.Is(err, errRaced) {
		return nil
	}
	return err
}

// lacking returns what writes the claims of a record that are not among the keys that exist, and adds them to these: of two
// old records with one name or gsid the first keeps it.
func (s *Store) lacking(rec *lifecycle.Record, have map[string]bool) ([]*api.KVTxnOp, error) {
	claims := rec.Claims()
	var ops []*api.KVTxnOp
	add := func(key string, value []byte) {
		if !have[key] {
			have[key] = true
			ops = append(ops, put(key, value, 0))
		}
	}
	if claims.Name != "" {
		value, err := nameClaim(claims.Name, rec.ClusterID)
		if err != nil {
			return nil, err
		}
		add(s.nameKey(claims.Name), value)
	}
	for _, gsid := range claims.GSIDs {
		add(s.gsidKey(gsid), []byte(rec.ClusterID))
	}
	for _, to := range claims.Links {
		if checkName("cluster id", to) == nil {
			add(s.linkKey(to, rec.ClusterID), nil)
		}
	}
	return ops, nil
}
