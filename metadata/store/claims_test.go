package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/store"
	"drover/specs"
)

// claiming is a record with nodes of certain gsids, and links.
func claiming(id string, gsids []int, links ...string) *lifecycle.Record {
	rec := named(id, "name of "+id)
	for i, gsid := range gsids {
		n := node(i)
		n.GSID = gsid
		rec.Nodes = append(rec.Nodes, n)
	}
	rec.Spec.Links = map[string]string{}
	for i, to := range links {
		rec.Spec.Links[fmt.Sprint("link", i)] = to
	}
	return rec
}

func numbers(from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}

// change writes a record with the claims that it has in place of those that it had.
func change(t *testing.T, s *store.Store, rec *lifecycle.Record) error {
	t.Helper()
	old, index, err := s.Record(t.Context(), rec.ClusterID)
	had := lifecycle.Claims{}
	if err == nil {
		had = old.Claims()
	} else {
		require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	}
	_, err = s.PutClaiming(t.Context(), rec, index, had)
	return err
}

// A gsid belongs to one node of one cluster, also where there are too many for the transaction of the record, and is free again
// once the node or the cluster is gone.
func TestGSIDsAreClaimed(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 12, 13, 200} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			s := start(t).store
			const first, second = "cl-00000001", "cl-00000002"
			require.NoError(t, change(t, s, claiming(first, numbers(100, n))))
			require.NoError(t, change(t, s, claiming(first, numbers(100, n))), "a retry after a lost answer")
			for _, taken := range []int{100, 100 + n - 1} {
				err := change(t, s, claiming(second, []int{taken}))
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
				require.ErrorContains(t, err, fmt.Sprintf("gsid %d is taken by cluster %s", taken, first))
			}
			_, _, err := s.Record(t.Context(), second)
			require.True(t, fault.Is(err, fault.NotFound))

			require.NoError(t, change(t, s, claiming(first, []int{100})), "all nodes but one are deleted")
			require.NoError(t, change(t, s, claiming(second, numbers(101, n))))
			require.True(t, fault.Is(change(t, s, claiming(second, []int{100})), fault.Conflict))
			require.NoError(t, s.Forget(t.Context(), second, "run of "+second))
			require.NoError(t, change(t, s, claiming(first, numbers(100, n+1))))
		})
	}
}

// Who links to a cluster is found by key, and ends with the link or the cluster.
func TestLinksAreIndexed(t *testing.T) {
	t.Parallel()
	s := start(t).store
	linking := func(to string) []string {
		records, err := s.Linking(t.Context(), to)
		require.NoError(t, err)
		var ids []string
		for _, l := range lifecycle.LinkedBy(to, records) {
			ids = append(ids, l.ClusterID)
		}
		return ids
	}
	require.Empty(t, linking("cl-00000001"))
	require.NoError(t, change(t, s, claiming("cl-00000002", nil, "cl-00000001", "cl-00000009")))
	upgrading := claiming("cl-00000003", nil)
	upgrading.Target = &lifecycle.Version{Spec: &specs.Cluster{Links: map[string]string{"kv": "cl-00000001"}}}
	require.NoError(t, change(t, s, upgrading))
	require.Equal(t, []string{"cl-00000002", "cl-00000003"}, linking("cl-00000001"))
	require.NoError(t, change(t, s, claiming("cl-00000003", nil)), "the upgrade was rolled back")
	require.Equal(t, []string{"cl-00000002"}, linking("cl-00000001"))
	require.NoError(t, s.Forget(t.Context(), "cl-00000002", "run of cl-00000002"))
	require.Empty(t, linking("cl-00000001"))
	require.Empty(t, linking("cl-00000009"))
}

// Records of a version without an index, and what was put back from a backup, are indexed before the index is relied on.
func TestOldRecordsAreIndexed(t *testing.T) {
	t.Parallel()
	p := start(t)
	var ids []string
	for i := range 70 { // more than are read at once
		id := fmt.Sprintf("cl-%08d", i)
		ids = append(ids, id)
		_, err := p.store.PutRecord(t.Context(), claiming(id, numbers(1000*i, 3), "cl-99999999"), 0)
		require.NoError(t, err)
	}
	fresh := p.again(t)
	linking, err := fresh.Linking(t.Context(), "cl-99999999")
	require.NoError(t, err)
	require.Len(t, linking, 70)
	holder, err := fresh.Holder(t.Context(), "name of "+ids[69])
	require.NoError(t, err)
	require.Equal(t, ids[69], holder)
	require.True(t, fault.Is(change(t, fresh, claiming("cl-11111111", []int{69001})), fault.Conflict))

	_, err = p.store.PutRecord(t.Context(), claiming("cl-22222222", []int{5}, "cl-99999999"), 0)
	require.NoError(t, err)
	require.NoError(t, p.again(t).Index(t.Context()), "a worker starts")
	linking, err = fresh.Linking(t.Context(), "cl-99999999")
	require.NoError(t, err)
	require.Len(t, linking, 71)
	require.True(t, fault.Is(change(t, fresh, claiming("cl-11111111", []int{5})), fault.Conflict))

	var seen []string
	require.NoError(t, fresh.EachRecord(t.Context(), func(rec *lifecycle.Record) error {
		seen = append(seen, rec.ClusterID)
		return nil
	}))
	require.Equal(t, append(slices.Clone(ids), "cl-22222222"), seen)
}
