package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

func TestListFiltersSortsAndLimits(t *testing.T) {
	t.Parallel()
	list := api.ClusterList{Matching: 4, Total: 4, Clusters: []api.ClusterView{
		{ClusterID: "cl-00000001", Name: "c", App: "etcd", State: "active", NodeCount: 3, CreatedAt: "2026-01-03T00:00:00Z", Health: &api.Health{Healthy: 3}},
		{ClusterID: "cl-00000002", Name: "b", App: "redis", State: "active", NodeCount: 3, CreatedAt: "2026-01-02T00:00:00Z", Health: &api.Health{Healthy: 2, Unhealthy: 1}},
		{ClusterID: "cl-00000003", Name: "a", App: "etcd", State: "stopped", NodeCount: 1, CreatedAt: "2026-01-01T00:00:00Z", Health: &api.Health{Off: 1}},
		{ClusterID: "cl-00000004", Name: "d", App: "etcd", State: "upgrade_failed", NodeCount: 5, CreatedAt: "2026-01-04T00:00:00Z", Health: &api.Health{Unchecked: 5}},
	}}
	for args, tt := range map[string]struct {
		in    api.ListClustersInput
		shown string
	}{
		"":                                {api.ListClustersInput{Sort: "cluster"}, "1 2 3 4"},
		"--app etcd --state active":       {api.ListClustersInput{Sort: "cluster", Apps: []string{"etcd"}, States: []string{"active"}}, "1 2 3 4"},
		"--label a=1 --label b":           {api.ListClustersInput{Sort: "cluster", Labels: []string{"a=1", "b"}}, "1 2 3 4"},
		"--unhealthy":                     {api.ListClustersInput{Sort: "cluster"}, "2 4"},
		"--unhealthy --limit 1":           {api.ListClustersInput{Sort: "cluster"}, "2"},
		"--held":                          {api.ListClustersInput{Sort: "cluster", Running: true}, ""},
		"--sort nodes --limit 2 --health": {api.ListClustersInput{Sort: "nodes", Limit: 2, Health: true}, "1 2"},
	} {
		c := &counter{answers: map[string]any{api.ListClusters: list}}
		got := ask(t, c, "", append([]string{"list", "-o", "json"}, strings.Fields(args)...)...)
		require.Equal(t, exitOK, got.code, got.stderr.String())
		var ids []string
		for _, c := range decoded[clusterList](t, got.stdout.String()).Items {
			ids = append(ids, strings.TrimPrefix(c.ClusterID, "cl-0000000"))
		}
		require.Equal(t, tt.shown, strings.Join(ids, " "), args)
		require.Equal(t, tt.in, c.asked, "%s: nodes are contacted on request alone", args)
	}
	c := &counter{answers: map[string]any{api.ListClusters: list}}
	require.Regexp(t, `(?m)^cl-00000002 +b +redis +active +3 +2/3 healthy`, ask(t, c, "", "list").stdout.String())
	require.Equal(t, listLimit, c.asked.(api.ListClustersInput).Limit, "people see a screenful, programs all")
	require.Contains(t, ask(t, c, "", "list", "--limit", "1").stdout.String(), "3 more are not shown")
	c.answers[api.ListClusters] = api.ClusterList{Total: 4}
	require.Contains(t, ask(t, c, "", "list", "--app", "none").stdout.String(), "None of 4 clusters matches.")
	require.Equal(t, exitUsage, ask(t, c, "", "list", "--limit", "0").code)
	require.Equal(t, exitUsage, ask(t, c, "", "list", "--sort", "luck").code)
}

func TestHealthIsWorded(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]*api.Health{
		"unknown":                              nil,
		"3/3 healthy":                          {Healthy: 3},
		"2/3 healthy":                          {Healthy: 2, Unhealthy: 1},
		"1/3 healthy, 1 silent, 1 off":         {Healthy: 1, Silent: 1, Off: 1},
		"off":                                  {Off: 2},
		"not checked":                          {Unchecked: 2},
		"0/2 healthy, 1 silent, 1 not checked": {Unchecked: 1, Silent: 1},
	} {
		require.Equal(t, want, healthWords(h))
	}
}
