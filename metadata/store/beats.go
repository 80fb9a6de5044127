package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/pack"
)

// beatsRoot is the folder of the reports of a cluster's nodes; that of all clusters for "".
func (s *Store) beatsRoot(id string) string {
	if id == "" {
		return s.prefix + "/" + pack.BeatsKey + "/"
	}
	return s.prefix + "/" + pack.BeatsKey + "/" + id + "/"
}

// Beats reads what all agents reported last. A report that cannot be read counts as one without a state.
func (s *Store) Beats(ctx context.Context) ([]metadata.Reported, error) {
	pairs, err := s.list(ctx, s.beatsRoot(""), "read the reports of nodes")
	if err != nil {
		return nil, err
	}
	out := make([]metadata.Reported, 0, len(pairs))
	for _, kv := range pairs {
		cluster, node, ok := strings.Cut(strings.TrimPrefix(kv.Key, s.beatsRoot("")), "/")
		if !ok || node == "" {
			continue
		}
		r := metadata.Reported{ClusterID: cluster, NodeID: node, Index: kv.ModifyIndex}
		if len(kv.Value) > pack.BeatSize || json.Unmarshal(kv.Value, &r.Beat) != nil {
			r.Beat = pack.Beat{}
		}
		r.Reason, r.Failing = cut(r.Reason), r.Failing[:min(len(r.Failing), pack.BeatFailing)]
		for i, text := range r.Failing {
			r.Failing[i] = cut(text)
		}
		out = append(out, r)
	}
	return out, nil
}

func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), pack.BeatText)], "")
}

// DropBeats removes reports that were not renewed since they were read. It is idempotent.
func (s *Store) DropBeats(ctx context.Context, old []metadata.Reported) error {
	const what = "remove old reports of nodes"
	for _, r := range old {
		op := drop(s.beatsRoot(r.ClusterID)+r.NodeID, r.Index)
		if _, err := s.commit(ctx, []*api.KVTxnOp{op}, what); err != nil && !errors.Is(err, errRaced) {
			return err // raced: it was renewed, or is gone
		}
	}
	return nil
}

// liveKey is where the live part of a cluster's view is.
func (s *Store) liveKey(id string) string { return s.viewKey(metadata.LiveFolder + id) }

// Lives reads the live parts of all views.
func (s *Store) Lives(ctx context.Context) (map[string]metadata.Live, error) {
	pairs, err := s.list(ctx, s.liveKey(""), "read the health of all clusters")
	if err != nil {
		return nil, err
	}
	out := map[string]metadata.Live{}
	for _, kv := range pairs {
		id := strings.TrimPrefix(kv.Key, s.liveKey(""))
		out[id] = metadata.DecodeLive(id, kv.Value)
	}
	return out, nil
}

// Live reads the live part of a cluster's view; empty when there is none.
func (s *Store) Live(ctx context.Context, id string) (metadata.Live, error) {
	if err := checkName("cluster id", id); err != nil {
		return metadata.Live{}, err
	}
	kv, err := s.get(ctx, s.liveKey(id), "read the health of cluster "+id)
	if err != nil || kv == nil {
		return metadata.Live{ClusterID: id}, err
	}
	return metadata.DecodeLive(id, kv.Value), nil
}

// PutLive writes the live part of the view of a cluster that has a record; for another one it does nothing.
func (s *Store) PutLive(ctx context.Context, l metadata.Live) error {
	if err := checkName("cluster id", l.ClusterID); err != nil {
		return err
	}
	what := "write the health of cluster " + l.ClusterID
	value, err := json.Marshal(l)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "%s", what)
	}
	return s.racing(what, func() error {
		record, live := s.recordKey(l.ClusterID), s.liveKey(l.ClusterID)
		index, err := s.indexes(ctx, []string{record, live}, what)
		if err != nil || index[record] == 0 {
			return err
		}
		_, err = s.commit(ctx, []*api.KVTxnOp{unchanged(record, index[record]), put(live, value, index[live])}, what)
		return err
	})
}
