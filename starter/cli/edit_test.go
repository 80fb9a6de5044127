package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

func TestNamesLabelsAndProtectionAreEdited(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, tt := range []struct {
		args []string
		want api.EditClusterInput
	}{
		{[]string{"rename", known, "orders"}, api.EditClusterInput{Name: "orders"}},
		{[]string{"label", known, "team=payments", "tier-", "note=a=b", "empty="}, api.EditClusterInput{
			Labels: map[string]string{"team": "payments", "note": "a=b", "empty": ""}, RemoveLabels: []string{"tier"},
		}},
		{[]string{"protect", known}, api.EditClusterInput{Protected: &yes}},
		{[]string{"unprotect", known}, api.EditClusterInput{Protected: &no}},
	} {
		c := &counter{answers: map[string]any{api.EditCluster: api.ClusterDetails{
			ClusterID: known, Name: "orders", Labels: map[string]string{"b": "2", "a": "1"}, Protected: true,
		}}}
		got := ask(t, c, "", tt.args...)
		require.Equal(t, exitOK, got.code, got.stderr.String())
		tt.want.ClusterID = known
		require.Equal(t, tt.want, c.asked)
		require.Contains(t, c.options.StaticSummary, " by ", "who did it can be found in Temporal")
		require.Equal(t, "cluster    "+known+"\nname       orders\nlabels     a=1\n           b=2\nprotected  yes\n", got.stdout.String())
	}
}

func TestCommandsTakeNames(t *testing.T) {
	t.Parallel()
	answers := func() map[string]any {
		all := answering("one")
		all[api.ListClusters] = api.ClusterList{Clusters: []api.ClusterView{{ClusterID: known, Name: "orders"}, {ClusterID: "cl-00000002", Name: "other"}}}
		return all
	}
	c := &counter{answers: answers()}
	got := ask(t, c, "", "delete-nodes", "orders", "etcd_node/2", "10.0.0.1", "--yes", "--count", "1")
	require.Equal(t, exitUsage, got.code)
	c = &counter{answers: answers()}
	ask(t, c, "", "delete-nodes", "orders", "etcd_node/2", "10.0.0.1", "--yes")
	require.Equal(t, api.DeleteNodes, c.operation)
	require.Equal(t, api.WorkflowID(known), c.options.ID)
	require.Contains(t, c.input, `"nodes":["cln-00000002","cln-00000001"]`)

	got = ask(t, &counter{answers: answers()}, "", "delete-nodes", "orders", "etcd_node/5", "10.0.0.1", "--yes")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr.String(), `not nodes of cluster `+known+`: "etcd_node/5" (did you mean etcd_node/1?)`)

	got = ask(t, &counter{answers: answers()}, "", "status", "ordrs")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.stderr.String(), `no cluster has the name or id "ordrs" (did you mean orders?)`)
}

func TestCreateRefusesATakenName(t *testing.T) {
	t.Parallel()
	c := &counter{answers: answering("one")}
	c.answers[api.ListClusters] = api.ClusterList{Clusters: []api.ClusterView{{ClusterID: known, Name: "orders"}}}
	got := ask(t, c, "", "create", "etcd", "--name", "orders")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.stderr.String(), `the name "orders" is taken by cluster `+known)
	require.Empty(t, c.operation)
	ask(t, c, "", "create", "etcd", "--name", "invoices", "--label", "team=payments", "--protect")
	require.Contains(t, c.input, `"labels":{"team":"payments"},"protected":true`)
}
