package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// orphanKey names an entry of the orphan ledger by what it is about. Ids are a provider's own words, so they are escaped.
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

// Orphans reads the orphan ledger, ordered by cluster.
func (s *Store) Orphans(ctx context.Context) ([]lifecycle.Orphan, error) {
	pairs, err := s.list(ctx, s.prefix+"/orphans/", "read the orphan ledger")
	if err != nil {
		return nil, err
	}
	var out []lifecycle.Orphan
	for _, kv := range pairs {
		if strings.HasSuffix(kv.Key, "/") {
			continue // a folder somebody made by hand
		}
		var o lifecycle.Orphan
		if err := json.Unmarshal(kv.Value, &o); err != nil {
			return nil, fault.Wrap(err, fault.Internal, "orphan ledger: Consul key %s cannot be read", kv.Key)
		}
		out = append(out, o)
	}
	return out, nil
}

// PutOrphans writes entries, in place of those about the same resources.
func (s *Store) PutOrphans(ctx context.Context, orphans []lifecycle.Orphan) error {
	for batch := range slices.Chunk(orphans, maxOps/2) {
		ops := make([]*api.KVTxnOp, 0, len(batch))
		for _, o := range batch {
			if err := checkOrphan(o); err != nil {
				return err
			}
			value, err := json.Marshal(o)
			if err != nil {
				return fault.Wrap(err, fault.Internal, "entry of the orphan ledger")
			}
			ops = append(ops, set(s.orphanKey(o), value))
		}
		if _, err := s.commit(ctx, ops, "write the orphan ledger"); err != nil {
			return err
		}
	}
	return nil
}

// DropOrphan takes an entry out of the ledger; one that is not there is fine.
func (s *Store) DropOrphan(ctx context.Context, o lifecycle.Orphan) error {
	if err := checkOrphan(o); err != nil {
		return err
	}
	// A transaction takes keys as they are; in a path Consul would unescape them once more.
	_, err := s.commit(ctx, []*api.KVTxnOp{remove(s.orphanKey(o))}, fmt.Sprintf("take %s %s out of the orphan ledger", o.Kind, o.ID))
	return err
}
