package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// putView is the change that writes the view of a record, in room bytes of the transaction that writes the record: the view of a
// cluster whose record leaves no room has no nodes.
func (s *Store) putView(rec *lifecycle.Record, room int) (*api.KVTxnOp, error) {
	view := metadata.ViewOf(rec)
	for _, v := range []metadata.View{view, view.Without()} {
		value, err := json.Marshal(v)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "view of cluster %s", rec.ClusterID)
		}
		if op := set(s.viewKey(rec.ClusterID), value); opSize(op) <= room {
			return op, nil
		}
	}
	return remove(s.viewKey(rec.ClusterID)), nil // better none than an old one; it reappears with the next change
}

// AddViews writes the views that are missing: of clusters whose records were written by a version without views.
func (s *Store) AddViews(ctx context.Context) error {
	const what = "write the missing views"
	keys, _, err := s.client.KV().Keys(s.viewKey(""), "", (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return failed(err, what)
	}
	have := map[string]bool{}
	for _, key := range keys {
		have[key] = true
	}
	records, err := s.list(ctx, s.recordKey(""), what)
	if err != nil {
		return err
	}
	for _, kv := range records {
		rec, err := unpackRecord(kv)
		if err != nil || rec.ClusterID == "" || have[s.viewKey(rec.ClusterID)] {
			continue // what cannot be read has no view
		}
		guard := unchanged(kv.Key, kv.ModifyIndex)
		view, err := s.putView(rec, maxBody-opSize(guard))
		if err != nil {
			return err
		}
		if _, err := s.commit(ctx, []*api.KVTxnOp{guard, view}, what); err != nil && !errors.Is(err, errRaced) {
			return err // raced: the change of the record wrote the view
		}
	}
	return nil
}
