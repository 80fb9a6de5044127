package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/store"
)

func named(id, name string) *lifecycle.Record {
	rec := record(1)
	rec.ClusterID, rec.Name, rec.Nodes, rec.Operation.RunID = id, name, nil, "run of "+id
	return rec
}

func namedNo(i int, name string) *lifecycle.Record { return named(fmt.Sprintf("cl-%08d", i), name) }

func TestConcurrentCreationsHaveDifferentNames(t *testing.T) {
	t.Parallel()
	s := start(t).store
	const n = 12
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { _, errs[i] = s.PutClaiming(t.Context(), namedNo(i, "orders"), 0, lifecycle.Claims{}) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
		require.ErrorContains(t, err, `the name "orders" is taken by cluster cl-`)
	}
	require.Equal(t, 1, won)
	ids, err := s.RecordIDs(t.Context())
	require.NoError(t, err)
	require.Len(t, ids, 1, "what is refused leaves no record")
}

func TestANameIsFreedWithItsCluster(t *testing.T) {
	t.Parallel()
	const first, second = "cl-00000001", "cl-00000002"
	put := func(t *testing.T, s *store.Store, rec *lifecycle.Record, was string) error {
		_, index, err := s.Record(t.Context(), rec.ClusterID)
		if !fault.Is(err, fault.NotFound) {
			require.NoError(t, err)
		}
		_, err = s.PutClaiming(t.Context(), rec, index, lifecycle.Claims{Name: was})
		return err
	}
	for what, free := range map[string]func(t *testing.T, s *store.Store){
		"deleted": func(t *testing.T, s *store.Store) { require.NoError(t, s.Forget(t.Context(), first, "run of "+first)) },
		"renamed": func(t *testing.T, s *store.Store) { require.NoError(t, put(t, s, named(first, "invoices"), "orders")) },
		"renamed by a restored record": func(t *testing.T, s *store.Store) {
			_, index, err := s.Record(t.Context(), first)
			require.NoError(t, err)
			_, err = s.PutRecord(t.Context(), named(first, "invoices"), index)
			require.NoError(t, err)
		},
		"lost": func(t *testing.T, s *store.Store) { s.Lose(t, first) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t).store
			require.NoError(t, put(t, s, named(first, "orders"), ""))
			require.NoError(t, put(t, s, named(first, "orders"), ""), "a retry after a lost answer")
			require.True(t, fault.Is(put(t, s, named(second, "orders"), ""), fault.Conflict))
			free(t, s)
			require.NoError(t, put(t, s, named(second, "orders"), ""))
			require.True(t, fault.Is(put(t, s, named(first, "orders"), "invoices"), fault.Conflict), "the name has another cluster now")
			// What the first cluster gives back later is not its own any more.
			if _, _, err := s.Record(t.Context(), first); err == nil {
				require.NoError(t, s.Forget(t.Context(), first, "run of "+first))
			}
			require.True(t, fault.Is(put(t, s, named("cl-00000003", "orders"), ""), fault.Conflict))
		})
	}
}
