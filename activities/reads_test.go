package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

func TestDescribeClusterShowsNodesAndNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(3)
	_, err := w.deps.update(t.Context(), clusterID, func(rec *lifecycle.Record) error {
		require.Contains(t, jsonOf(t, rec), secret, "the record itself has it")
		rec.Spec.Env = map[string]string{"password": secret}
		rec.Values["env.other_password"] = secret
		rec.Nodes[0].Token = secret
		return nil
	})
	require.NoError(t, err)
	rec := w.record()
	w.agents.Broken[rec.Nodes[1].ID] = true
	view, err := w.acts.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.NotContains(t, jsonOf(t, view), secret)
	require.Equal(t, []api.Endpoint{{Name: "client", Port: "2379", Protocol: "tcp"}}, view.Endpoints)
	require.Len(t, view.Nodes, 3)
	require.Equal(t, "revision 1", view.Nodes[0].Agent)
	require.Contains(t, view.Nodes[1].Agent, "unreachable: ")
	require.Equal(t, rec.Nodes[1].IP, view.Nodes[1].IP)
	require.Equal(t, 3, view.NodeCount)

	list, err := w.acts.ListClusters(t.Context())
	require.NoError(t, err)
	require.Len(t, list.Clusters, 1)
	require.Empty(t, list.Clusters[0].Nodes)
	require.NotContains(t, jsonOf(t, list), secret)

	_, err = w.acts.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: "cl-unknown0"})
	w.requireFault(fault.NotFound, err)
}

func TestDescribeClusterBeforeThereAreMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cluster(1)
	view, err := w.acts.DescribeCluster(t.Context(), api.DescribeClusterInput{ClusterID: clusterID})
	require.NoError(t, err)
	require.Equal(t, "no machine yet", view.Nodes[0].Agent)
	require.Equal(t, "creating", view.State)
}

func TestListClustersWhenThereAreNone(t *testing.T) {
	t.Parallel()
	list, err := newWorld(t).acts.ListClusters(t.Context())
	require.NoError(t, err)
	require.Equal(t, `{"clusters":[]}`, jsonOf(t, list))
}
