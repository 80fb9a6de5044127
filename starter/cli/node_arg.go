package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/client"
	"drover/fault"
	"drover/workflows/api"
)

// findNodes are the ids of the named nodes of a cluster.
func findNodes(ctx context.Context, server *client.Client, clusterID string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	cluster, err := server.Cluster(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	var out, problems []string
	for _, name := range names {
		n := nodeNamed(cluster.Nodes, name)
		switch {
		case n == nil:
			problems = append(problems, fmt.Sprintf("cluster %s has no node %q", clusterID, name))
		case !slices.Contains(out, n.NodeID):
			out = append(out, n.NodeID)
		}
	}
	if len(problems) == 0 {
		return out, nil
	}
	f := fault.New(fault.NotFound, "%s", strings.Join(problems, "; "))
	if len(problems) > 1 {
		f.Problems = problems
	}
	return nil, f.WithHint("a node is named by its id, role/sid or address: drover nodes %s", clusterID)
}

// nodeNamed is the node with an id, an address, or role and server id ("etcd_node/1"; "1" in a cluster of one role); nil
// when there is none.
func nodeNamed(nodes []api.NodeView, name string) *api.NodeView {
	for i, n := range nodes {
		if name == n.NodeID || name == n.IP || name == nodeLabel(n) {
			return &nodes[i]
		}
	}
	return nil
}

// nodeLabel is how texts name a node: "etcd_node/1", "1" without a role.
func nodeLabel(n api.NodeView) string {
	if n.Role == "" {
		return fmt.Sprint(n.SID)
	}
	return fmt.Sprintf("%s/%d", n.Role, n.SID)
}
