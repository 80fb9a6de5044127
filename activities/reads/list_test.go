package reads_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestListFiltersAndSorts(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	for i, rec := range []lifecycle.Record{
		{Name: "c", AppID: "etcd", State: lifecycle.Active, Nodes: make([]lifecycle.Node, 3), CreatedAt: "2026-01-03T00:00:00Z", Labels: map[string]string{"team": "payments"}},
		{Name: "b", AppID: "redis", State: lifecycle.Active, Nodes: make([]lifecycle.Node, 3), CreatedAt: "2026-01-02T00:00:00Z", Protected: true},
		{Name: "a", AppID: "etcd", State: lifecycle.Stopped, Nodes: make([]lifecycle.Node, 1), CreatedAt: "2026-01-01T00:00:00Z", Labels: map[string]string{"team": ""}},
		{Name: "d", AppID: "etcd", State: lifecycle.Active, Nodes: make([]lifecycle.Node, 5), CreatedAt: "2026-01-04T00:00:00Z", Operation: lifecycle.Operation{State: api.OpRunning}},
	} {
		rec.ClusterID = fmt.Sprintf("cl-0000000%d", i+1)
		_, err := w.Store.PutRecord(t.Context(), &rec, 0)
		require.NoError(t, err)
	}
	for want, in := range map[string]api.ListClustersInput{
		"1 2 3 4/4":                    {},
		"1 3 4/3":                      {Apps: []string{"etcd"}},
		"1 2 4/3":                      {States: []string{"active"}},
		"1 4/2":                        {States: []string{"active"}, Apps: []string{"etcd"}},
		"1 3/2":                        {Labels: []string{"team"}},
		"1/1":                          {Labels: []string{"team=payments"}},
		"3/1":                          {Labels: []string{"team="}},
		"/0":                           {Labels: []string{"team=other"}},
		"4/1":                          {Running: true},
		"2/1":                          {Name: "b"},
		"/0: no such name":             {Name: "x"},
		"3/1: by prefix":               {Prefix: "a"},
		"1 2 3 4/4: ids too":           {Prefix: "cl-"},
		"3 2 1 4/4":                    {Sort: "name"},
		"4 1 2 3/4":                    {Sort: "nodes"},
		"3 2 1 4/4: by age":            {Sort: "age"},
		"1 2 4 3/4":                    {Sort: "state"},
		"4 1/3: a page":                {Sort: "nodes", Apps: []string{"etcd"}, Limit: 2},
		"3/3: the rest":                {Sort: "nodes", Apps: []string{"etcd"}, Limit: 2, After: "2"},
		"3 4/4: behind a cluster":      {After: "cl-00000002"},
		"3/4: behind one that is gone": {After: "cl-00000002x", Limit: 1},
	} {
		list, err := w.Acts.Reads.ListClusters(t.Context(), in)
		require.NoError(t, err)
		var ids []string
		for _, c := range list.Clusters {
			ids = append(ids, strings.TrimPrefix(c.ClusterID, "cl-0000000"))
		}
		want, _, _ := strings.Cut(want, ":")
		require.Equal(t, want, fmt.Sprintf("%s/%d", strings.Join(ids, " "), list.Matching), "%+v", in)
		require.Equal(t, 4, list.Total)
	}
	for _, in := range []api.ListClustersInput{{Sort: "luck"}, {Limit: -1}, {Sort: "name", After: "cl-00000001"}} {
		_, err := w.Acts.Reads.ListClusters(t.Context(), in)
		w.RequireFault(fault.Invalid, err)
	}
}

// No page is too large for Temporal, and the pages together are the whole.
func TestListsAreReadInPages(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	const n = 1200
	for i := range n {
		_, err := w.Store.PutRecord(t.Context(), &lifecycle.Record{
			ClusterID: fmt.Sprintf("cl-%08d", i), Name: "orders", AppID: "etcd", State: lifecycle.Active, Reason: strings.Repeat("x", 300),
		}, 0)
		require.NoError(t, err)
	}
	for _, sort := range []string{"", "name"} {
		in := api.ListClustersInput{Sort: sort}
		next := 0
		for pages := 1; ; pages++ {
			list, err := w.Acts.Reads.ListClusters(t.Context(), in)
			require.NoError(t, err)
			require.Less(t, len(world.JSON(t, list)), 256<<10)
			require.Equal(t, n, list.Matching)
			for _, c := range list.Clusters {
				require.Equal(t, fmt.Sprintf("cl-%08d", next), c.ClusterID)
				next++
			}
			if in.After = list.Next; in.After == "" {
				require.Greater(t, pages, 2)
				break
			}
		}
		require.Equal(t, n, next)
	}
}
