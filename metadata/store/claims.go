package store

import (
	"context"
	"slices"
	"strconv"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// The index of claims answers three questions without reading other clusters' records: who has a name, is a gsid taken, and
// which clusters link to this one. It is written in the transaction that writes the record. Gsids are chosen at random from
// 900 million: one whose claim is a remainder of a write that failed is not chosen again, and not missed.

// gsidsWithRecord is how many gsids are claimed, and how many freed, in the transaction of the record: it must have room for
// the largest record. Further ones are claimed before and freed after, gsidsAtOnce at a time.
const (
	gsidsWithRecord = 12
	gsidsAtOnce     = maxOps / 2
)

func (s *Store) gsidKey(gsid int) string { return s.prefix + "/gsids/" + strconv.Itoa(gsid) }

// linkKey is the key that says that a cluster links to another one.
func (s *Store) linkKey(to, from string) string { return s.prefix + "/links/" + to + "/" + from }

// PutClaiming is PutRecord for a record whose claims differ from had, those of the record that was read (none for a new one):
// it makes the new claims and frees the others. A name or a gsid that another cluster has, and a package that is not published,
// is a Conflict fault, and the record is not written.
func (s *Store) PutClaiming(ctx context.Context, rec *lifecycle.Record, index uint64, had lifecycle.Claims) (written uint64, err error) {
	if err := s.indexed(ctx); err != nil {
		return 0, err
	}
	now := rec.Claims()
	with, apart := inTwo(now.Without(had))
	gone, later := inTwo(had.Without(now))
	if err := s.claimGSIDs(ctx, rec.ClusterID, apart); err != nil {
		return 0, err
	}
	err = s.racing("write the control record of cluster "+rec.ClusterID, func() error {
		ops, err := s.claim(ctx, rec, with)
		if err != nil {
			return err
		}
		freed, err := s.free(ctx, rec.ClusterID, gone)
		if err != nil {
			return err
		}
		written, err = s.putRecord(ctx, rec, index, append(ops, freed...)...)
		return err
	})
	if err != nil {
		return 0, err
	}
	_ = s.freeGSIDs(ctx, rec.ClusterID, later) // one that stays claimed is a number less, and no reason to fail
	return written, nil
}

// inTwo separates the gsids that are not changed in the transaction of the record.
func inTwo(c lifecycle.Claims) (with lifecycle.Claims, apart []int) {
	n := min(len(c.GSIDs), gsidsWithRecord)
	with, apart = c, c.GSIDs[n:]
	with.GSIDs = c.GSIDs[:n]
	return with, apart
}

// claim returns what makes claims the cluster's.
func (s *Store) claim(ctx context.Context, rec *lifecycle.Record, c lifecycle.Claims) ([]*api.KVTxnOp, error) {
	clusterID := rec.ClusterID
	ops, err := s.claimsOfGSIDs(ctx, clusterID, c.GSIDs)
	if err != nil {
		return nil, err
	}
	for _, p := range c.Packages {
		published, err := s.claimPackage(ctx, clusterID+" "+rec.Operation.RunID, p)
		if err != nil {
			return nil, err
		}
		ops = append(ops, published...)
	}
	if c.Name != "" {
		name, err := s.claimName(ctx, c.Name, clusterID)
		if err != nil {
			return nil, err
		}
		ops = append(ops, name...)
	}
	for _, to := range c.Links {
		if checkName("cluster id", to) == nil {
			ops = append(ops, set(s.linkKey(to, clusterID), nil))
		}
	}
	return ops, nil
}

// free returns what gives claims of the cluster back.
func (s *Store) free(ctx context.Context, clusterID string, c lifecycle.Claims) ([]*api.KVTxnOp, error) {
	ops, err := s.dropsOfGSIDs(ctx, clusterID, c.GSIDs)
	if err != nil {
		return nil, err
	}
	name, err := s.freeName(ctx, c.Name, clusterID)
	if err != nil {
		return nil, err
	}
	ops = append(ops, name...)
	for _, to := range c.Links {
		if checkName("cluster id", to) == nil {
			ops = append(ops, remove(s.linkKey(to, clusterID)))
		}
	}
	return ops, nil
}

// claimGSIDs claims gsids before the record is written that has them.
func (s *Store) claimGSIDs(ctx context.Context, clusterID string, gsids []int) error {
	what := "claim gsids for cluster " + clusterID
	for batch := range slices.Chunk(gsids, gsidsAtOnce) {
		if err := s.racing(what, func() error {
			ops, err := s.claimsOfGSIDs(ctx, clusterID, batch)
			if err == nil {
				_, err = s.commit(ctx, ops, what)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// freeGSIDs frees the gsids that are the cluster's.
func (s *Store) freeGSIDs(ctx context.Context, clusterID string, gsids []int) error {
	what := "free gsids of cluster " + clusterID
	for batch := range slices.Chunk(gsids, gsidsAtOnce) {
		if err := s.racing(what, func() error {
			ops, err := s.dropsOfGSIDs(ctx, clusterID, batch)
			if err == nil && len(ops) > 0 {
				_, err = s.commit(ctx, ops, what)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) claimsOfGSIDs(ctx context.Context, clusterID string, gsids []int) ([]*api.KVTxnOp, error) {
	found, err := s.claimedGSIDs(ctx, gsids)
	if err != nil {
		return nil, err
	}
	var ops []*api.KVTxnOp
	for _, gsid := range gsids {
		key := s.gsidKey(gsid)
		var index uint64
		if kv := found[key]; kv != nil {
			if string(kv.Value) != clusterID {
				return nil, fault.New(fault.Conflict, "the gsid %d is taken by cluster %s", gsid, kv.Value).At(clusterID, "", "")
			}
			index = kv.ModifyIndex
		}
		ops = append(ops, put(key, []byte(clusterID), index))
	}
	return ops, nil
}

func (s *Store) dropsOfGSIDs(ctx context.Context, clusterID string, gsids []int) ([]*api.KVTxnOp, error) {
	found, err := s.claimedGSIDs(ctx, gsids)
	if err != nil {
		return nil, err
	}
	var ops []*api.KVTxnOp
	for _, gsid := range gsids {
		if kv := found[s.gsidKey(gsid)]; kv != nil && string(kv.Value) == clusterID {
			ops = append(ops, drop(kv.Key, kv.ModifyIndex))
		}
	}
	return ops, nil
}

func (s *Store) claimedGSIDs(ctx context.Context, gsids []int) (map[string]*api.KVPair, error) {
	keys := make([]string, len(gsids))
	for i, gsid := range gsids {
		keys[i] = s.gsidKey(gsid)
	}
	return s.pairs(ctx, keys, "read who has a gsid")
}

// Linking reads the records of the clusters that are indexed as linking to a cluster. Some may not link to it any more, or be
// unreadable: callers look at the links of the records.
func (s *Store) Linking(ctx context.Context, clusterID string) ([]*lifecycle.Record, error) {
	if err := checkName("cluster id", clusterID); err != nil {
		return nil, err
	}
	if err := s.indexed(ctx); err != nil {
		return nil, err
	}
	ids, err := s.below(ctx, s.linkKey(clusterID, ""), "read which clusters link to "+clusterID)
	if err != nil {
		return nil, err
	}
	var out []*lifecycle.Record
	err = s.eachOf(ctx, ids, func(rec *lifecycle.Record) error {
		out = append(out, rec)
		return nil
	})
	return out, err
}
