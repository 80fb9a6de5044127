package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata/pack"
)

// Revision returns the published revision, 0 when it is missing or unreadable.
func (s *Store) Revision(ctx context.Context, clusterID string) (int64, error) {
	if err := checkName("cluster id", clusterID); err != nil {
		return 0, err
	}
	kv, err := s.get(ctx, s.clusterRoot(clusterID)+pack.RevisionKey, "read the revision of cluster "+clusterID)
	if err != nil {
		return 0, err
	}
	return parseRevision(kv), nil
}

// Clusters returns the sorted ids of the clusters that have keys in Consul, with or without a control record.
func (s *Store) Clusters(ctx context.Context) ([]string, error) {
	root := strings.TrimSuffix(s.clusterRoot(""), "/")
	folders, _, err := s.client.KV().Keys(root, "/", (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "list the clusters that have keys")
	}
	var ids []string
	for _, folder := range folders {
		if id, ok := strings.CutSuffix(strings.TrimPrefix(folder, root), "/"); ok && id != "" {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Forget deletes the metadata of a cluster, its view, its control record and its claims in one step (DC8), for the run that
// owns the cluster. Gsids beyond the first few are freed before: their nodes have no machines any more. It is idempotent. An
// unfinished publish fails at its next transaction.
func (s *Store) Forget(ctx context.Context, clusterID, run string) error {
	what := "remove the metadata and the control record of cluster " + clusterID
	return s.racing(what, func() error {
		rec, index, err := s.Record(ctx, clusterID)
		if fault.Is(err, fault.NotFound) {
			return s.Remove(ctx, clusterID)
		}
		if err != nil {
			return err
		}
		if err := rec.OwnedBy(run); err != nil {
			return err
		}
		with, apart := inTwo(rec.Claims())
		if err := s.freeGSIDs(ctx, clusterID, apart); err != nil {
			return err
		}
		ops, err := s.free(ctx, clusterID, with)
		if err != nil {
			return err
		}
		ops = append(ops, drop(s.recordKey(clusterID), index))
		ops = append(ops, s.everything(clusterID)...)
		_, err = s.commit(ctx, ops, what)
		return err
	})
}

// Remove deletes the metadata of a cluster without a control record; it returns a Conflict for a cluster that has one. It
// is idempotent.
func (s *Store) Remove(ctx context.Context, clusterID string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	ops := append([]*api.KVTxnOp{unchanged(s.recordKey(clusterID), 0)}, s.everything(clusterID)...)
	_, err := s.commit(ctx, ops, "remove the metadata of cluster "+clusterID)
	if errors.Is(err, errRaced) {
		return fault.New(fault.Conflict, "cluster %s has a control record: its metadata is not removed", clusterID).At(clusterID, "", "")
	}
	return err
}

// everything removes what is beside the record of a cluster: what nodes see, the view, and what nodes reported.
func (s *Store) everything(clusterID string) []*api.KVTxnOp {
	return []*api.KVTxnOp{
		removeBelow(s.clusterRoot(clusterID)), remove(s.viewKey(clusterID)), remove(s.liveKey(clusterID)), removeBelow(s.beatsRoot(clusterID)),
	}
}

// Disown takes an unfinished publish away from every writer but the run that owns the cluster now, so that this run can
// publish. Documented keys stay marked as in flux until then. An unreadable mark is taken away too.
func (s *Store) Disown(ctx context.Context, clusterID, run string) error {
	if err := checkName("cluster id", clusterID); err != nil {
		return err
	}
	key := s.clusterRoot(clusterID) + pack.FluxKey
	what := "take the writer's mark of cluster " + clusterID
	return s.racing(what, func() error {
		kv, err := s.get(ctx, key, what)
		if err != nil || kv == nil {
			return err
		}
		mark := readFlux(kv)
		if mark.Writer == run || mark.Writer == "" {
			return nil
		}
		mark.Writer = ""
		value, err := json.Marshal(mark)
		if err != nil {
			return fault.Wrap(err, fault.Internal, "%s", what)
		}
		owned, err := s.ownedBy(ctx, clusterID, run)
		if err != nil {
			return err
		}
		_, err = s.commit(ctx, []*api.KVTxnOp{owned, put(key, value, kv.ModifyIndex)}, what)
		return err
	})
}
