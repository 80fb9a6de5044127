package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/lifecycle"
)

// compressAbove is the size from which a control record is stored compressed. Smaller ones stay readable for people.
const compressAbove = 64 << 10

// Record reads a control record and the index to write it back with. One that does not exist is a NotFound fault.
func (s *Store) Record(ctx context.Context, id string) (*lifecycle.Record, uint64, error) {
	if err := checkName("cluster id", id); err != nil {
		return nil, 0, err
	}
	kv, _, err := s.client.KV().Get(s.recordKey(id), (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, 0, failed(err, "read the control record of cluster %s", id)
	}
	if kv == nil {
		return nil, 0, fault.New(fault.NotFound, "cluster %s does not exist", id).At(id, "", "")
	}
	rec, err := decodeRecord(kv)
	if err != nil {
		return nil, 0, err
	}
	return rec, kv.ModifyIndex, nil
}

// PutRecord writes a control record if it is still the one read with index (0: there is none), and gives the new
// index. Writing again what is stored already succeeds, so a retry after a lost answer does. Anything else that came
// in between is a Conflict fault.
func (s *Store) PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error) {
	if err := checkName("cluster id", rec.ClusterID); err != nil {
		return 0, err
	}
	value, err := encodeRecord(rec)
	if err != nil {
		return 0, err
	}
	key := s.recordKey(rec.ClusterID)
	op := &api.KVTxnOp{Verb: api.KVCAS, Key: key, Value: value, Index: index}
	written, err := s.commit(ctx, []*api.KVTxnOp{op}, "write the control record of cluster "+rec.ClusterID)
	if err == nil {
		return written[key], nil
	}
	if !errors.Is(err, errRaced) {
		return 0, err
	}
	kv, _, err := s.client.KV().Get(key, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	switch {
	case err != nil:
		return 0, failed(err, "read the control record of cluster %s", rec.ClusterID)
	case kv == nil:
		return 0, fault.New(fault.Conflict, "the control record of cluster %s was deleted meanwhile", rec.ClusterID).
			At(rec.ClusterID, "", "")
	case bytes.Equal(kv.Value, value):
		return kv.ModifyIndex, nil
	}
	who := "somebody else"
	if other, err := decodeRecord(kv); err == nil && other.Operation.RunID != "" {
		who = other.Operation.Type + " (run " + other.Operation.RunID + ")"
	}
	return 0, fault.New(fault.Conflict, "the control record of cluster %s was changed meanwhile by %s", rec.ClusterID, who).
		At(rec.ClusterID, "", "")
}

// CheckRecord is the Invalid fault of PutRecord for a record that is too large, without writing anything.
func (s *Store) CheckRecord(rec *lifecycle.Record) error {
	_, err := encodeRecord(rec)
	return err
}

// DeleteRecord deletes a control record; one that does not exist is fine.
func (s *Store) DeleteRecord(ctx context.Context, id string) error {
	if err := checkName("cluster id", id); err != nil {
		return err
	}
	_, err := s.client.KV().Delete(s.recordKey(id), (&api.WriteOptions{}).WithContext(ctx))
	return failed(err, "delete the control record of cluster %s", id)
}

// Records reads all control records, ordered by cluster id.
func (s *Store) Records(ctx context.Context) ([]*lifecycle.Record, error) {
	pairs, _, err := s.client.KV().List(s.recordKey(""), (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	if err != nil {
		return nil, failed(err, "read the control records")
	}
	var out []*lifecycle.Record
	for _, kv := range pairs {
		if strings.HasSuffix(kv.Key, "/") {
			continue // a folder somebody made by hand
		}
		rec, err := decodeRecord(kv)
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

func encodeRecord(rec *lifecycle.Record) ([]byte, error) {
	value, err := json.Marshal(rec)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "control record of cluster %s", rec.ClusterID)
	}
	plain := len(value)
	if plain > compressAbove {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err = w.Write(value); err == nil {
			err = w.Close()
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "compress the control record of cluster %s", rec.ClusterID)
		}
		value = b.Bytes()
	}
	if len(value) > maxValue {
		return nil, fault.New(fault.Invalid, "the control record of cluster %s has %d bytes (%d compressed), Consul takes %d",
			rec.ClusterID, plain, len(value), maxValue).At(rec.ClusterID, "", "")
	}
	return value, nil
}

func decodeRecord(kv *api.KVPair) (*lifecycle.Record, error) {
	value := kv.Value
	if bytes.HasPrefix(value, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(value))
		if err == nil {
			value, err = io.ReadAll(r)
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "control record %s cannot be unpacked", kv.Key)
		}
	}
	rec := new(lifecycle.Record)
	if err := json.Unmarshal(value, rec); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "control record %s cannot be read", kv.Key)
	}
	return rec, nil
}
