package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// orphanKey is the key of an entry of the orphan ledger, derived from the resource. Ids are chosen by the provider, so
// they are escaped.
func (s *Store) orphanKey(o lifecycle.Orphan) string {
	return fmt.Sprintf("%s/orphans/%s/%s/%s/%s", s.prefix, o.ClusterID, o.Provider, o.Kind, "_"+url.PathEscape(o.ID))
}

func checkOrphan(o lifecycle.Orphan) error {
	for kind, name := range map[string]string{"cluster id": o.ClusterID, "provider": o.Provider, "kind of resource": o.Kind} {
		if err := checkName(kind, name); err != nil {
			return err
		}
	}
	return nil
}

// ofKey returns an entry with the fields of its key, for an entry with an unreadable value. The id is the whole key when
// the key is malformed.
func (s *Store) ofKey(key string, err error) lifecycle.Orphan {
	o := lifecycle.Orphan{
		Kind: lifecycle.KindUnreadable, ID: key,
		Reason: fmt.Sprintf("the entry of the orphan ledger cannot be read: %v; delete the Consul key, or restore it from a backup", err),
	}
	parts := strings.Split(strings.TrimPrefix(key, s.prefix+"/orphans/"), "/")
	o.ClusterID = parts[0]
	if len(parts) != 4 || !strings.HasPrefix(parts[3], "_") || !slices.Contains(lifecycle.ReleaseOrder, parts[2]) {
		return o
	}
	if id, err := url.PathUnescape(parts[3][1:]); err == nil {
		o.Provider, o.Kind, o.ID = parts[1], parts[2], id
	}
	return o
}

// Orphans reads the orphan ledger, ordered by cluster. An unreadable entry has the fields of its key.
func (s *Store) Orphans(ctx context.Context) ([]lifecycle.Orphan, error) {
	pairs, err := s.list(ctx, s.prefix+"/orphans/", "read the orphan ledger")
	if err != nil {
		return nil, err
	}
	var out []lifecycle.Orphan
	for _, kv := range pairs {
		if strings.HasSuffix(kv.Key, "/") {
			continue // a folder that was created manually
		}
		var o lifecycle.Orphan
		if err := json.Unmarshal(kv.Value, &o); err != nil {
			o = s.ofKey(kv.Key, err)
		}
		out = append(out, o)
	}
	return out, nil
}

// PutOrphans writes entries and replaces those of the same resources.
func (s *Store) PutOrphans(ctx context.Context, orphans []lifecycle.Orphan) error {
	const what = "write the orphan ledger"
	for batch := range slices.Chunk(orphans, maxOps/2) {
		values := make(map[string][]byte, len(batch))
		for _, o := range batch {
			if err := checkOrphan(o); err != nil {
				return err
			}
			value, err := json.Marshal(o)
			if err != nil {
				return fault.Wrap(err, fault.Internal, "entry of the orphan ledger")
			}
			values[s.orphanKey(o)] = value
		}
		if err := s.racing(what, func() error {
			index, err := s.indexes(ctx, slices.Sorted(maps.Keys(values)), what)
			if err != nil {
				return err
			}
			var ops []*api.KVTxnOp
			for key, value := range values {
				ops = append(ops, put(key, value, index[key]))
			}
			_, err = s.commit(ctx, ops, what)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// DropOrphan removes an entry from the ledger. It is idempotent.
func (s *Store) DropOrphan(ctx context.Context, o lifecycle.Orphan) error {
	if err := checkOrphan(o); err != nil {
		return err
	}
	what, key := fmt.Sprintf("remove %s %s from the orphan ledger", o.Kind, o.ID), s.orphanKey(o)
	return s.racing(what, func() error {
		index, err := s.indexes(ctx, []string{key}, what)
		if err != nil || index[key] == 0 {
			return err
		}
		_, err = s.commit(ctx, []*api.KVTxnOp{drop(key, index[key])}, what)
		return err
	})
}
