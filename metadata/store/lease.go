package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
)

func (s *Store) leaseKey(name string) string { return s.prefix + "/leases/" + name }

// Lease reads a lease; no index: it is free.
func (s *Store) Lease(ctx context.Context, name string) (metadata.Lease, error) {
	kv, err := s.get(ctx, s.leaseKey(name), "read lease "+name)
	if err != nil || kv == nil {
		return metadata.Lease{}, err
	}
	l := metadata.Lease{}
	if err := json.Unmarshal(kv.Value, &l); err != nil {
		l = metadata.Lease{}
	}
	l.Index = kv.ModifyIndex
	return l, nil
}

// TakeLease takes or renews a lease, if it has not changed since it was read with index (0: it was free), and returns the new
// index. Conflict: another holder was faster.
func (s *Store) TakeLease(ctx context.Context, name string, l metadata.Lease, index uint64) (uint64, error) {
	value, err := json.Marshal(l)
	if err != nil {
		return 0, fault.Wrap(err, fault.Internal, "lease %s", name)
	}
	written, err := s.commit(ctx, []*api.KVTxnOp{put(s.leaseKey(name), value, index)}, "take lease "+name)
	if errors.Is(err, errRaced) {
		return 0, fault.New(fault.Conflict, "lease %s was taken meanwhile", name)
	}
	return written[s.leaseKey(name)], err
}

// DropLease gives a lease back, if it has not changed since it was taken with index.
func (s *Store) DropLease(ctx context.Context, name string, index uint64) error {
	_, err := s.commit(ctx, []*api.KVTxnOp{drop(s.leaseKey(name), index)}, "give lease "+name+" back")
	if errors.Is(err, errRaced) {
		return nil
	}
	return err
}
