package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/lifecycle"
	"drover/metadata"
)

// atOnce is how many records or views are read with one request: an installation has thousands, and a worker holds a few.
const atOnce = 64

// RecordIDs are the ids of the clusters that have a control record, sorted.
func (s *Store) RecordIDs(ctx context.Context) ([]string, error) {
	return s.below(ctx, s.recordKey(""), "list the control records")
}

// below are the sorted ends of the keys below a prefix.
func (s *Store) below(ctx context.Context, prefix, what string) ([]string, error) {
	keys, _, err := s.client.KV().Keys(prefix, "", (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "%s", what)
	}
	out := keys[:0]
	for _, key := range keys {
		if end := strings.TrimPrefix(key, prefix); end != "" && !strings.HasSuffix(end, "/") { // a folder that was created manually
			out = append(out, end)
		}
	}
	slices.Sort(out)
	return out, nil
}

// EachRecord calls f for every control record, ordered by cluster id, until it fails. An unreadable record has its id, the state
// unreadable and the reason, so that it does not hide the others.
func (s *Store) EachRecord(ctx context.Context, f func(*lifecycle.Record) error) error {
	ids, err := s.RecordIDs(ctx)
	if err != nil {
		return err
	}
	return s.eachOf(ctx, ids, f)
}

// eachOf is EachRecord for some clusters; those that are deleted meanwhile are left out.
func (s *Store) eachOf(ctx context.Context, ids []string, f func(*lifecycle.Record) error) error {
	return s.eachPair(ctx, ids, s.recordKey, "read the control records", func(id string, kv *api.KVPair) error {
		rec, err := decodeRecord(kv, id)
		if err != nil {
			rec = &lifecycle.Record{ClusterID: id, State: lifecycle.Unreadable, Reason: err.Error()}
		}
		return f(rec)
	})
}

// EachView calls f for the views of some clusters, in this order, until it fails. A cluster that has none, as its record left no
// room for it, has the view of its record.
func (s *Store) EachView(ctx context.Context, ids []string, f func(metadata.View) error) error {
	for batch := range slices.Chunk(ids, atOnce) {
		views := make(map[string]metadata.View, len(batch))
		if err := s.eachPair(ctx, batch, s.viewKey, "read the views of clusters", func(id string, kv *api.KVPair) error {
			var v metadata.View
			if json.Unmarshal(kv.Value, &v) == nil && v.ClusterID == id {
				views[id] = v
			}
			return nil
		}); err != nil {
			return err
		}
		lacking := slices.DeleteFunc(slices.Clone(batch), func(id string) bool { return views[id].ClusterID != "" })
		if err := s.eachOf(ctx, lacking, func(rec *lifecycle.Record) error {
			views[rec.ClusterID] = metadata.ViewOf(rec)
			return nil
		}); err != nil {
			return err
		}
		for _, id := range batch {
			if v, found := views[id]; found {
				if err := f(v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eachPair calls f for the keys of some clusters that exist, in this order.
func (s *Store) eachPair(ctx context.Context, ids []string, key func(string) string, what string, f func(id string, kv *api.KVPair) error) error {
	for batch := range slices.Chunk(ids, atOnce) {
		keys := make([]string, len(batch))
		for i, id := range batch {
			keys[i] = key(id)
		}
		found, err := s.pairs(ctx, keys, what)
		if err != nil {
			return err
		}
		for i, id := range batch {
			if kv := found[keys[i]]; kv != nil {
				if err := f(id, kv); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
