package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// A name belongs to the cluster whose control record has it. The key of a name makes that unique: it is written in the same
// transaction as the record, and names the cluster. A key without such a record is a remainder, of a record that was lost or
// of a store that was restored, and the next cluster with the name takes it over, under the condition that the record is
// still missing or still has another name.

// claim is the value of a name's key. Keys are digests: names may have any character, and Consul's keys have a limit.
type claim struct {
	Name      string `json:"name"`
	ClusterID string `json:"cluster_id"`
}

func (s *Store) nameKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return s.prefix + "/names/" + hex.EncodeToString(sum[:])
}

// PutNamed is PutRecord for a record with a new name: it claims the name, and frees was ("": none), in the same transaction.
// A name that another cluster has is a Conflict fault, and nothing is written.
func (s *Store) PutNamed(ctx context.Context, rec *lifecycle.Record, index uint64, was string) (written uint64, err error) {
	err = s.racing("name cluster "+rec.ClusterID, func() error {
		ops, err := s.claimed(ctx, rec.Name, rec.ClusterID)
		if err != nil {
			return err
		}
		if was != rec.Name {
			freed, err := s.freed(ctx, was, rec.ClusterID)
			if err != nil {
				return err
			}
			ops = append(ops, freed...)
		}
		written, err = s.putRecord(ctx, rec, index, ops...)
		return err
	})
	return written, err
}

// claimed returns what makes a name the cluster's.
func (s *Store) claimed(ctx context.Context, name, clusterID string) ([]*api.KVTxnOp, error) {
	have, index, err := s.claimOf(ctx, name)
	if err != nil {
		return nil, err
	}
	key := s.nameKey(name)
	value, err := json.Marshal(claim{name, clusterID})
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "name cluster %s", clusterID)
	}
	mine := put(key, value, index)
	if have.ClusterID == "" || have.ClusterID == clusterID {
		return []*api.KVTxnOp{mine}, nil
	}
	holder, held, err := s.Record(ctx, have.ClusterID)
	switch {
	case fault.Is(err, fault.NotFound): // held is 0: it must stay missing
	case err != nil:
		return nil, err
	case holder.Name == name:
		return nil, fault.New(fault.Conflict, "the name %q is taken by cluster %s", name, have.ClusterID).At(clusterID, "", "").
			WithHint("choose another name, or rename that cluster: drover rename %s NAME", have.ClusterID)
	}
	return []*api.KVTxnOp{mine, unchanged(s.recordKey(have.ClusterID), held)}, nil
}

// freed returns what gives a name of the cluster back; nothing when it is not the cluster's.
func (s *Store) freed(ctx context.Context, name, clusterID string) ([]*api.KVTxnOp, error) {
	if name == "" {
		return nil, nil
	}
	have, index, err := s.claimOf(ctx, name)
	if err != nil || have.ClusterID != clusterID {
		return nil, err
	}
	return []*api.KVTxnOp{drop(s.nameKey(name), index)}, nil
}

// claimOf reads the claim of a name. A missing or unreadable one is empty.
func (s *Store) claimOf(ctx context.Context, name string) (claim, uint64, error) {
	var have claim
	kv, err := s.get(ctx, s.nameKey(name), "read who has a name")
	if err != nil || kv == nil {
		return have, 0, err
	}
	if json.Unmarshal(kv.Value, &have) != nil || checkName("cluster id", have.ClusterID) != nil {
		have = claim{}
	}
	return have, kv.ModifyIndex, nil
}
