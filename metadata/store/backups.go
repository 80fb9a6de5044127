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

func (s *Store) backupKey(id string) string { return s.prefix + "/backups/" + id }

// Backup reads an entry of the catalogue and its index for PutBackup. A missing one is a NotFound fault.
func (s *Store) Backup(ctx context.Context, id string) (*lifecycle.Backup, uint64, error) {
	if err := checkName("backup id", id); err != nil {
		return nil, 0, err
	}
	kv, err := s.get(ctx, s.backupKey(id), "read backup "+id)
	if err != nil {
		return nil, 0, err
	}
	if kv == nil {
		return nil, 0, fault.New(fault.NotFound, "backup %s does not exist", id).WithHint("list the backups with: drover backup list")
	}
	b, err := decodeBackup(kv)
	if err != nil {
		f := fault.Wrap(err, fault.Internal, "backup %s (Consul key %s) cannot be read", id, kv.Key).
			WithHint("delete the key, and import the backup from its target again: drover backup import %s", id)
		f.Retryable = false
		return nil, 0, f
	}
	return b, kv.ModifyIndex, nil
}

// Backups reads the catalogue, ordered by id. An unreadable entry has its id and the problem.
func (s *Store) Backups(ctx context.Context) ([]lifecycle.Backup, error) {
	pairs, err := s.list(ctx, s.backupKey(""), "read the catalogue of backups")
	if err != nil {
		return nil, err
	}
	var out []lifecycle.Backup
	for _, kv := range pairs {
		if strings.HasSuffix(kv.Key, "/") {
			continue // a folder that was created manually
		}
		b, err := decodeBackup(kv)
		if err != nil {
			b = &lifecycle.Backup{ID: strings.TrimPrefix(kv.Key, s.backupKey("")), Problem: "its entry in Consul cannot be read: " + err.Error()}
		}
		out = append(out, *b)
	}
	return out, nil
}

// PutBackup writes an entry if it has not changed since it was read with index (0: it must not exist), and returns the new
// index. Writing the stored entry again succeeds; any other change since the read is a Conflict fault.
func (s *Store) PutBackup(ctx context.Context, b lifecycle.Backup, index uint64) (uint64, error) {
	if err := checkName("backup id", b.ID); err != nil {
		return 0, err
	}
	value, err := json.Marshal(b)
	if err == nil && len(value) > compressAbove {
		value, err = squeezed(value)
	}
	if err != nil {
		return 0, fault.Wrap(err, fault.Internal, "entry of backup %s", b.ID)
	}
	if len(value) > maxValue {
		return 0, fault.New(fault.Invalid, "the entry of backup %s has %d bytes; the limit is %d", b.ID, len(value), maxValue)
	}
	key, what := s.backupKey(b.ID), "write backup "+b.ID
	written, err := s.commit(ctx, []*api.KVTxnOp{put(key, value, index)}, what)
	if err == nil {
		return written[key], nil
	}
	if !errors.Is(err, errRaced) {
		return 0, err
	}
	kv, err := s.get(ctx, key, what)
	if err == nil && kv != nil && bytes.Equal(kv.Value, value) {
		return kv.ModifyIndex, nil
	}
	if err != nil {
		return 0, err
	}
	return 0, fault.New(fault.Conflict, "the entry of backup %s was changed meanwhile", b.ID)
}

// DropBackup removes an entry if it has not changed since it was read with index. A missing entry is removed already.
func (s *Store) DropBackup(ctx context.Context, id string, index uint64) error {
	if err := checkName("backup id", id); err != nil {
		return err
	}
	key, what := s.backupKey(id), "remove backup "+id+" from the catalogue"
	_, err := s.commit(ctx, []*api.KVTxnOp{drop(key, index)}, what)
	if !errors.Is(err, errRaced) {
		return err
	}
	kv, err := s.get(ctx, key, what)
	if err != nil || kv == nil {
		return err
	}
	return fault.New(fault.Conflict, "the entry of backup %s was changed meanwhile", id)
}

func decodeBackup(kv *api.KVPair) (*lifecycle.Backup, error) {
	value, err := unsqueezed(kv.Value)
	if err != nil {
		return nil, err
	}
	b := new(lifecycle.Backup)
	return b, json.Unmarshal(value, b)
}

// squeezed compresses a value, unsqueezed gives it back; one that is not compressed stays as it is.
func squeezed(value []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(value)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

func unsqueezed(value []byte) ([]byte, error) {
	if !bytes.HasPrefix(value, []byte{0x1f, 0x8b}) {
		return value, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(value))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
