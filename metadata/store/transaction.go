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

// What Consul accepts in one transaction: 128 operations in 512 KiB, here with a margin for the size.
const (
	maxOps   = 128
	maxBytes = 480 << 10
	maxValue = metadata.MaxValue
)

// Whoever writes may be cut off from Consul, be given up, and have its request arrive minutes later, when the cluster is a
// new one. So every change is a transaction with a condition: that a key is as it was seen, or that the control record
// still names the run that writes. This file alone makes changes; commit refuses one without a condition, and lint the
// calls of Consul's client that have none.

// errRaced says that a transaction's guards did not hold: somebody else wrote in between. Nothing was written.
var errRaced = errors.New("somebody else wrote in between")

// commit runs one transaction and gives the new ModifyIndex of every key it set. When a condition does not hold, nothing is
// written and the error is errRaced.
func (s *Store) commit(ctx context.Context, ops []*api.KVTxnOp, what string) (map[string]uint64, error) {
	if !slices.ContainsFunc(ops, conditional) {
		return nil, fault.New(fault.Internal, "%s: a change of Consul without a condition", what)
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

// indexes reads the ModifyIndex of keys; one that does not exist has 0. A transaction takes keys as they are, where a path
// would be unescaped once more.
func (s *Store) indexes(ctx context.Context, keys []string, what string) (map[string]uint64, error) {
	body := make(api.TxnOps, len(keys))
	for i, key := range keys {
		body[i] = &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVGetOrEmpty, Key: key}}
	}
	_, res, _, err := s.client.Txn().Txn(body, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "%s", what)
	}
	index := make(map[string]uint64, len(keys))
	for _, r := range res.Results {
		if r.KV != nil {
			index[r.KV.Key] = r.KV.ModifyIndex
		}
	}
	return index, nil
}

// rolledBack tells apart why Consul refused a whole transaction.
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

// maxRaces bounds how often a change is tried again after somebody else wrote in between.
const maxRaces = 50

// whileOwned makes changes of a cluster under the condition that its control record names the run as the owner.
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

// racing repeats what reads and then writes until nobody else wrote in between.
func (s *Store) racing(what string, change func() error) error {
	for range maxRaces {
		if err := change(); !errors.Is(err, errRaced) {
			return err
		}
	}
	return fault.New(fault.Unreachable, "%s: somebody else wrote in between, %d times", what, maxRaces)
}

// ownedBy gives the condition that a cluster's control record is as it is now, and refuses when there is none, or when it
// names another run than this one: that operation is over.
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

// opSize is what an operation adds to a transaction's JSON body, rounded up.
func opSize(op *api.KVTxnOp) int {
	key, _ := json.Marshal(op.Key)
	return len(key) + (len(op.Value)+2)/3*4 + 160
}

// put writes a key that is still as it was seen at a ModifyIndex; 0 means it was seen not to exist.
func put(key string, value []byte, index uint64) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVCAS, Key: key, Value: value, Index: index}
}

// drop deletes a key that is still as it was seen at a ModifyIndex.
func drop(key string, index uint64) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVDeleteCAS, Key: key, Index: index}
}

// set, remove and removeBelow have no condition of their own: another operation of their transaction has.
func set(key string, value []byte) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVSet, Key: key, Value: value}
}

func remove(key string) *api.KVTxnOp { return &api.KVTxnOp{Verb: api.KVDelete, Key: key} }

func removeBelow(prefix string) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVDeleteTree, Key: prefix}
}

// unchanged guards a key that was seen at a ModifyIndex; 0 means it was seen not to exist.
func unchanged(key string, index uint64) *api.KVTxnOp {
	if index == 0 {
		return &api.KVTxnOp{Verb: api.KVCheckNotExists, Key: key}
	}
	return &api.KVTxnOp{Verb: api.KVCheckIndex, Key: key, Index: index}
}
