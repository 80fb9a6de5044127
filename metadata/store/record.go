package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// compressAbove is the size from which a control record is stored compressed. Smaller ones stay readable for users.
const compressAbove = 64 << 10

// Record reads a control record and its index for PutRecord. A missing record is a NotFound fault.
func (s *Store) Record(ctx context.Context, id string) (*lifecycle.Record, uint64, error) {
	if err := checkName("cluster id", id); err != nil {
		return nil, 0, err
	}
	kv, err := s.get(ctx, s.recordKey(id), "read the control record of cluster "+id)
	if err != nil {
		return nil, 0, err
	}
	if kv == nil {
		return nil, 0, fault.New(fault.NotFound, "cluster %s does not exist", id).At(id, "", "")
	}
	rec, err := decodeRecord(kv, id)
	if err != nil {
		return nil, 0, err
	}
	return rec, kv.ModifyIndex, nil
}

// PutRecord writes a control record and its view if it has not changed since it was read with index (0: it must not exist), and
// returns the new index. Writing the stored record again succeeds, so a retry after a lost answer is safe. Any other
// change since the read is a Conflict fault.
func (s *Store) PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (written uint64, err error) {
	err = s.racing("write the control record of cluster "+rec.ClusterID, func() error {
		written, err = s.putRecord(ctx, rec, index)
		return err
	})
	return written, err
}

// putRecord is PutRecord in one transaction with more changes. It returns errRaced when a condition of those did not hold.
func (s *Store) putRecord(ctx context.Context, rec *lifecycle.Record, index uint64, more ...*api.KVTxnOp) (uint64, error) {
	if err := checkName("cluster id", rec.ClusterID); err != nil {
		return 0, err
	}
	value, err := encodeRecord(rec)
	if err == nil {
		err = fits(rec, value)
	}
	if err != nil {
		return 0, err
	}
	key := s.recordKey(rec.ClusterID)
	change := append([]*api.KVTxnOp{put(key, value, index)}, more...)
	room := maxBody
	for _, op := range change {
		room -= opSize(op)
	}
	view, err := s.putView(rec, room)
	if err != nil {
		return 0, err
	}
	written, err := s.commit(ctx, append(change, view), "write the control record of cluster "+rec.ClusterID)
	if err == nil {
		return written[key], nil
	}
	if !errors.Is(err, errRaced) {
		return 0, err
	}
	kv, err := s.get(ctx, key, "read the control record of cluster "+rec.ClusterID)
	switch {
	case err != nil:
		return 0, err
	case kv == nil && index == 0, kv != nil && kv.ModifyIndex == index:
		return 0, errRaced
	case kv == nil:
		return 0, fault.New(fault.Conflict, "the control record of cluster %s was deleted meanwhile", rec.ClusterID).
			At(rec.ClusterID, "", "")
	case bytes.Equal(kv.Value, value):
		return kv.ModifyIndex, nil
	}
	who := "another writer"
	if other, err := decodeRecord(kv, rec.ClusterID); err == nil && other.Operation.RunID != "" {
		who = other.Operation.Type + " (run " + other.Operation.RunID + ")"
	}
	return 0, fault.New(fault.Conflict, "the control record of cluster %s was changed meanwhile by %s", rec.ClusterID, who).
		At(rec.ClusterID, "", "")
}

// CheckRecord returns the Invalid fault of PutRecord for a record that is too large, without writing anything.
func (s *Store) CheckRecord(rec *lifecycle.Record) error {
	value, err := encodeRecord(rec)
	if err == nil {
		err = fits(rec, value)
	}
	return err
}

// maxEnding is the limit for any record. The description of a cluster may grow to maxValue; the rest is reserved for the
// state of operations, so that a cluster of any size can be deleted.
const maxEnding = maxValue + 24<<10

// perNewNode is the estimated compressed size of the data that a node without a machine will still get from providers and
// agents.
const perNewNode = 200

func encodeRecord(rec *lifecycle.Record) ([]byte, error) {
	value, err := json.Marshal(rec)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "control record of cluster %s", rec.ClusterID)
	}
	if len(value) > compressAbove {
		if value, err = squeezed(value); err != nil {
			return nil, fault.Wrap(err, fault.Internal, "compress the control record of cluster %s", rec.ClusterID)
		}
	}
	return value, nil
}

// fits refuses a record that leaves no room for further operations.
func fits(rec *lifecycle.Record, value []byte) error {
	if len(value)+promised(rec) <= maxValue {
		return nil
	}
	described, err := encodeRecord(rec.Described())
	if err != nil {
		return err
	}
	size, limit := len(described)+promised(rec), maxValue
	if size <= limit {
		size, limit = len(value), maxEnding
	}
	if size <= limit {
		return nil
	}
	return fault.New(fault.Invalid, "the control record of cluster %s would have %d bytes; the limit is %d for nodes, parameters and tokens of nodes",
		rec.ClusterID, size, limit).At(rec.ClusterID, "", "").WithHint("use fewer nodes, or shorter parameters; nodes and the cluster can still be deleted")
}

// promised is the estimated size of the data that nodes will still add to the record.
func promised(rec *lifecycle.Record) int {
	n := 0
	for _, node := range rec.Nodes {
		if node.SSH.Addr == "" {
			n += perNewNode
		}
	}
	return n
}

// decodeRecord decodes a record; a failure is not retryable.
func decodeRecord(kv *api.KVPair, id string) (*lifecycle.Record, error) {
	rec, err := unpackRecord(kv)
	if err != nil {
		f := fault.Wrap(err, fault.Internal, "the control record of cluster %s (Consul key %s) cannot be read", id, kv.Key).At(id, "", "").
			WithHint("restore the key from a backup, or delete it and release what is left: drover orphans %s --collect", id)
		f.Retryable = false
		return nil, f
	}
	return rec, nil
}

func unpackRecord(kv *api.KVPair) (*lifecycle.Record, error) {
	value, err := unsqueezed(kv.Value)
	if err != nil {
		return nil, err
	}
	rec := new(lifecycle.Record)
	if err := json.Unmarshal(value, rec); err != nil {
		return nil, err
	}
	return rec, nil
}
