package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/hashicorp/consul/api"

	"drover/fault"
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

func nameClaim(name, clusterID string) ([]byte, error) {
	value, err := json.Marshal(claim{name, clusterID})
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "name cluster %s", clusterID)
	}
	return value, nil
}

func (s *Store) nameKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return s.prefix + "/names/" + hex.EncodeToString(sum[:])
}

// Holder is the id of the cluster that has a name; "" when none has it.
func (s *Store) Holder(ctx context.Context, name string) (string, error) {
	if err := s.indexed(ctx); err != nil {
		return "", err
	}
	have, _, err := s.claimOf(ctx, name)
	if err != nil || have.ClusterID == "" {
		return "", err
	}
	holder, _, err := s.Record(ctx, have.ClusterID)
	switch {
	case fault.Is(err, fault.NotFound):
		return "", nil
	case err != nil:
		return "", err
	case holder.Name != name:
		return "", nil
	}
	return have.ClusterID, nil
}

// claimName returns what makes a name the cluster's.
func (s *Store) claimName(ctx context.Context, name, clusterID string) ([]*api.KVTxnOp, error) {
	have, index, err := s.claimOf(ctx, name)
	if err != nil {
		return nil, err
	}
	key := s.nameKey(name)
	value, err := nameClaim(name, clusterID)
	if err != nil {
		return nil, err
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

// freeName returns what gives a name of the cluster back; nothing when it is not the cluster's.
func (s *Store) freeName(ctx context.Context, name, clusterID string) ([]*api.KVTxnOp, error) {
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
