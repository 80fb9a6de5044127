package fakes

import (
	"context"
	"slices"

	"drover/lifecycle"
)

// Orphans reads the orphan ledger, ordered by cluster.
func (s *Store) Orphans(ctx context.Context) ([]lifecycle.Orphan, error) {
	if err := check(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.orphans)
	lifecycle.SortOrphans(out)
	return out, nil
}

// PutOrphans writes entries, in place of those about the same resources.
func (s *Store) PutOrphans(ctx context.Context, orphans []lifecycle.Orphan) error {
	for _, o := range orphans {
		if err := check(ctx, o.ClusterID, o.Provider, o.Kind); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range orphans {
		s.orphans = append(slices.DeleteFunc(s.orphans, o.Same), o)
	}
	return nil
}

// DropOrphan takes an entry out of the ledger.
func (s *Store) DropOrphan(ctx context.Context, o lifecycle.Orphan) error {
	if err := check(ctx, o.ClusterID, o.Provider, o.Kind); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orphans = slices.DeleteFunc(s.orphans, o.Same)
	return nil
}
