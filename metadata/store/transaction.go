package store

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
)

// The limits of Consul for one transaction: 128 operations in 512 KiB, here with a margin for the size.
const (
	maxOps   = 128
	maxBytes = 480 << 10
	maxBody  = 512<<10 - 256 // all of it, without the brackets
	maxValue = metadata.MaxValue
)

// A writer can lose its connection to Consul and be replaced, and its request can still arrive minutes later, when another
// cluster has the same id. So every change is a transaction with a condition: that a key is unchanged since it was read, or
// that the control record still names the writing run. Only this file makes changes; commit refuses a change without a
// condition, and lint forbids the calls of Consul's client without one.

// errRaced means that a condition of a transaction did not hold because of a concurrent change. Nothing was written.
var errRaced = errors.New("lost a race with a concurrent change")

// commit runs one transaction and returns the new ModifyIndex of every key that it set. When a condition does not hold,
// nothing is written and the error is errRaced.
func (s *Store) commit(ctx context.Context, ops []*api.KVTxnOp, what string) (map[string]uint64, error) {
	if !slices.ContainsFunc(ops, conditional) {
		return nil, fault.New(fault.Internal, "%s: the change of Consul has no condition", what)
	}
	body := make(api.TxnOps, len(ops))
	for i, op := range ops {
		body[i] = &api.TxnOp{KV: op}
	}
	var res api.TxnResponse
	_, err := s.client.Raw().Write("/v1/txn", body, &res, (&api.WriteOptions{}).WithContext(ctx))
	var status api.StatusError
	if errors.As(err, &status) && status.Code == http.StatusConflict {
		return nil, rolledBack(status.Body, what)
	}
	if err != nil {
		return nil, failed(err, "%s", what)
	}
	index := make(map[string]uint64, len(res.Results))
	for _, r := range res.Results {
		if r.KV != nil {
			index[r.KV.Key] = r.KV.ModifyIndex
		}
	}
	return index, nil
}

// pairs reads keys, at most maxOps at a time; missing ones are left out. It uses a transaction, which takes keys verbatim; a
// key in a URL path would be unescaped again.
func (s *Store) pairs(ctx context.Context, keys []string, what string) (map[string]*api.KVPair, error) {
	found := make(map[string]*api.KVPair, len(keys))
	for batch := range slices.Chunk(keys, maxOps) {
		body := make(api.TxnOps, len(batch))
		for i, key := range batch {
			body[i] = &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVGetOrEmpty, Key: key}}
		}
		_, res, _, err := s.client.Txn().Txn(body, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
		if err != nil {
			return nil, failed(err, "%s", what)
		}
		for _, r := range res.Results {
			if r.KV != nil && r.KV.ModifyIndex != 0 {
				found[r.KV.Key] = r.KV
			}
		}
	}
	return found, nil
}

// indexes reads the ModifyIndex of keys, 0 for missing ones.
func (s *Store) indexes(ctx context.Context, keys []string, what string) (map[string]uint64, error) {
	found, err := s.pairs(ctx, keys, what)
	if err != nil {
		return nil, err
	}
	index := make(map[string]uint64, len(found))
	for key, kv := range found {
		index[key] = kv.ModifyIndex
	}
	return index, nil
}

// rolledBack translates the reason why Consul refused a whole transaction.
func rolledBack(body, what string) error {
	var res api.TxnResponse
	if err := json.Unmarshal([]byte(body), &res); err != nil || len(res.Errors) == 0 {
		return fault.New(fault.Internal, "%s: Consul rolled the transaction back: %s", what, body)
	}
	for _, e := range res.Errors {
		if strings.Contains(e.What, "Permission denied") {
			return unauthorized(what, e.What)
		}
	}
	return errRaced
}

func conditional(op *api.KVTxnOp) bool {
	switch op.Verb {
	case api.KVCAS, api.KVDeleteCAS, api.KVCheckIndex, api.KVCheckNotExists:
		return true
	}
	return false
}

// maxRaces bounds the attempts of a change that loses races with concurrent changes.
const maxRaces = 50

// whileOwned changes a cluster under the condition that its control record names the run as the owner.
func (s *Store) whileOwned(ctx context.Context, clusterID, run, what string, ops ...*api.KVTxnOp) error {
	return s.racing(what, func() error {
		owned, err := s.ownedBy(ctx, clusterID, run)
		if err != nil {
			return err
		}
		_, err = s.commit(ctx, append([]*api.KVTxnOp{owned}, ops...), what)
		return err
	})
}

// racing repeats change, which reads and then writes, until it loses no race.
func (s *Store) racing(what string, change func() error) error {
	for range maxRaces {
		if err := change(); !errors.Is(err, errRaced) {
			return err
		}
	}
	return fault.New(fault.Unreachable, "%s: lost a race with a concurrent change, %d times", what, maxRaces)
}

// ownedBy returns the condition that a cluster's control record does not change, and fails when it is missing, or names
// another run: the operation of this run is over.
func (s *Store) ownedBy(ctx context.Context, clusterID, run string) (*api.KVTxnOp, error) {
	rec, index, err := s.Record(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	if err := rec.OwnedBy(run); err != nil {
		return nil, err
	}
	return unchanged(s.recordKey(clusterID), index), nil
}

// opSize is the size of an operation in the JSON body of a transaction, rounded up.
func opSize(op *api.KVTxnOp) int {
	key, _ := json.Marshal(op.Key)
	return len(key) + (len(op.Value)+2)/3*4 + 160
}

// put writes a key if its ModifyIndex is still index; 0 means that it must not exist.
func put(key string, value []byte, index uint64) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVCAS, Key: key, Value: value, Index: index}
}

// drop deletes a key if its ModifyIndex is still index.
func drop(key string, index uint64) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVDeleteCAS, Key: key, Index: index}
}

// set, remove and removeBelow have no condition: another operation of their transaction must have one.
func set(key string, value []byte) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVSet, Key: key, Value: value}
}

func remove(key string) *api.KVTxnOp { return &api.KVTxnOp{Verb: api.KVDelete, Key: key} }

func removeBelow(prefix string) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVDeleteTree, Key: prefix}
}

// unchanged requires that the ModifyIndex of a key is still index; 0 means that it must not exist.
func unchanged(key string, index uint64) *api.KVTxnOp {
	if index == 0 {
		return &api.KVTxnOp{Verb: api.KVCheckNotExists, Key: key}
	}
	return &api.KVTxnOp{Verb: api.KVCheckIndex, Key: key, Index: index}
}
