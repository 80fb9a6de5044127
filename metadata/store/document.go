package store

import (
	"bytes"
	"context"
	"errors"

	"github.com/hashicorp/consul/api"

	"drover/fault"
)

// Document is a small value beside the clusters' records that several workers change in turn.
type Document struct {
	store *Store
	name  string
}

// Document returns the document with that name, which need not exist.
func (s *Store) Document(name string) Document { return Document{s, name} }

func (d Document) key() string { return d.store.prefix + "/documents/" + d.name }

// Get reads the document and its index for Put; a missing document is empty, with index 0.
func (d Document) Get(ctx context.Context) ([]byte, uint64, error) {
	kv, err := d.store.get(ctx, d.key(), "read "+d.key())
	if err != nil || kv == nil {
		return nil, 0, err
	}
	return kv.Value, kv.ModifyIndex, nil
}

// Put writes the document if it has not changed since it was read with index; otherwise it returns a Conflict fault.
func (d Document) Put(ctx context.Context, value []byte, index uint64) error {
	if len(value) > maxValue {
		return fault.New(fault.Invalid, "%s has %d bytes; the limit is %d", d.key(), len(value), maxValue)
	}
	_, err := d.store.commit(ctx, []*api.KVTxnOp{put(d.key(), value, index)}, "write "+d.key())
	if !errors.Is(err, errRaced) {
		return err
	}
	// The answer of an earlier attempt may have been lost.
	if have, _, err := d.Get(ctx); err == nil && bytes.Equal(have, value) {
		return nil
	}
	return fault.New(fault.Conflict, "%s was changed meanwhile", d.key())
}
