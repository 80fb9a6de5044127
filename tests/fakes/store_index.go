package fakes

import (
	"context"
	"maps"
	"slices"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// PutClaiming is PutRecord for a record with other claims than those it was read with. The claims of all records are looked at.
func (s *Store) PutClaiming(ctx context.Context, rec *lifecycle.Record, index uint64, had lifecycle.Claims) (uint64, error) {
	more := rec.Claims().Without(had)
	if err := s.EachRecord(ctx, func(other *lifecycle.Record) error {
		if other.ClusterID == rec.ClusterID {
			return nil
		}
		have := other.Claims()
		if more.Name != "" && have.Name == more.Name {
			return fault.New(fault.Conflict, "the name %q is taken by cluster %s", more.Name, other.ClusterID)
		}
		for _, gsid := range more.GSIDs {
			if slices.Contains(have.GSIDs, gsid) {
				return fault.New(fault.Conflict, "the gsid %d is taken by cluster %s", gsid, other.ClusterID)
			}
		}
		return nil
	}); err != nil {
		return 0, err
	}
	return s.putRecord(ctx, rec, index, more.Packages)
}

// Holder is the id of the cluster that has a name.
func (s *Store) Holder(ctx context.Context, name string) (holder string, err error) {
	err = s.EachRecord(ctx, func(rec *lifecycle.Record) error {
		if rec.Name == name && holder == "" {
			holder = rec.ClusterID
		}
		return nil
	})
	return holder, err
}

// Linking are the records of the clusters that link to a cluster.
func (s *Store) Linking(ctx context.Context, clusterID string) (out []*lifecycle.Record, err error) {
	err = s.EachRecord(ctx, func(rec *lifecycle.Record) error {
		if slices.Contains(rec.Claims().Links, clusterID) {
			out = append(out, rec)
		}
		return nil
	})
	return out, err
}

// RecordIDs are the sorted ids of all clusters.
func (s *Store) RecordIDs(ctx context.Context) ([]string, error) {
	if err := check(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.records)), nil
}

// EachRecord calls f for all control records, by id.
func (s *Store) EachRecord(ctx context.Context, f func(*lifecycle.Record) error) error {
	ids, err := s.RecordIDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		rec, _, err := s.Record(ctx, id)
		switch {
		case fault.Is(err, fault.NotFound):
			continue
		case err != nil:
			rec = &lifecycle.Record{ClusterID: id, State: lifecycle.Unreadable, Reason: err.Error()}
		}
		if err := f(rec); err != nil {
			return err
		}
	}
	return nil
}

// EachView calls f for the views of some clusters: those that were written with their records, else those of the records.
func (s *Store) EachView(ctx context.Context, ids []string, f func(metadata.View) error) error {
	if err := check(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		s.mu.Lock()
		v, viewed := s.views[id]
		_, recorded := s.records[id]
		s.mu.Unlock()
		if !recorded {
			continue
		}
		if !viewed {
			rec, _, err := s.Record(ctx, id)
			if err != nil {
				rec = &lifecycle.Record{ClusterID: id, State: lifecycle.Unreadable, Reason: err.Error()}
			}
			v = metadata.ViewOf(rec)
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}
