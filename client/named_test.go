package client

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/workflows/api"
)

func TestClustersAreFoundByName(t *testing.T) {
	t.Parallel()
	clusters := []api.ClusterView{
		{ClusterID: "cl-00000001", Name: "orders"}, {ClusterID: "cl-00000002", Name: "订单"},
	}
	for word, tt := range map[string]struct {
		id   string
		kind fault.Type
		text string
	}{
		"orders": {id: "cl-00000001"},
		"订单":     {id: "cl-00000002"},
		"ordesr": {kind: fault.NotFound, text: `no cluster has the name or id "ordesr" (did you mean orders?)`},
		"Ord":    {kind: fault.NotFound, text: "(did you mean orders?)"},
		"redis":  {kind: fault.NotFound, text: `no cluster has the name or id "redis"`},
	} {
		c, s := newClient(t)
		workers(c, 1)
		c.On("ExecuteWorkflow", mock.Anything, mock.Anything, api.ListClusters, mock.Anything).
			Return(run(t, "r", api.ClusterList{Clusters: clusters}, nil), nil)
		id, err := s.ClusterID(t.Context(), word)
		require.Equal(t, tt.id, id, word)
		if tt.kind != "" {
			require.True(t, fault.Is(err, tt.kind), "%s: %v", word, err)
			require.ErrorContains(t, err, tt.text)
		}
	}
}

func TestNodesAreFoundByLabelAddressAndID(t *testing.T) {
	t.Parallel()
	nodes := []api.NodeView{
		{NodeID: "cln-00000001", Role: "etcd_node", SID: 1, IP: "10.0.0.1"}, {NodeID: "cln-00000002", SID: 2},
	}
	for word, want := range map[string]string{
		"etcd_node/1": "cln-00000001", "10.0.0.1": "cln-00000001", "cln-00000001": "cln-00000001", "node/2": "cln-00000002",
	} {
		id, problem := nodeNamed(nodes, word)
		require.Empty(t, problem)
		require.Equal(t, want, id)
	}
	for word, problem := range map[string]string{
		"etcd_node/3": `"etcd_node/3" (did you mean etcd_node/1?)`, "": `""`, "somewhere": `"somewhere"`,
	} {
		_, got := nodeNamed(nodes, word)
		require.Equal(t, problem, got)
	}
}
