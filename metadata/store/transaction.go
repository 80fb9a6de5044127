package store

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
)

// What Consul accepts in one transaction, with a margin for the size.
const (
	maxOps   = 128
	maxBytes = 480 << 10
	maxValue = metadata.MaxValue
)

// errRaced says that a transaction's guards did not hold: somebody else wrote in between. Nothing was written.
var errRaced = errors.New("somebody else wrote in between")

// commit runs one transaction and gives the new ModifyIndex of every key it set.
func (s *Store) commit(ctx context.Context, ops []*api.KVTxnOp, what string) (map[string]uint64, error) {
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

// opSize is what an operation adds to a transaction's JSON body, rounded up.
func opSize(op *api.KVTxnOp) int {
	key, _ := json.Marshal(op.Key)
	return len(key) + (len(op.Value)+2)/3*4 + 160
}

func set(key string, value []byte) *api.KVTxnOp {
	return &api.KVTxnOp{Verb: api.KVSet, Key: key, Value: value}
}

func remove(key string) *api.KVTxnOp { return &api.KVTxnOp{Verb: api.KVDelete, Key: key} }

// unchanged guards a key that was seen at a ModifyIndex; 0 means it was seen not to exist.
func unchanged(key string, index uint64) *api.KVTxnOp {
	if index == 0 {
		return &api.KVTxnOp{Verb: api.KVCheckNotExists, Key: key}
	}
	return &api.KVTxnOp{Verb: api.KVCheckIndex, Key: key, Index: index}
}
