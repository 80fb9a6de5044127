package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) addNodes(plan bool) *cobra.Command {
	var (
		in api.AddNodesInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "add-nodes CLUSTER",
		Short: "Add nodes to a role of a cluster",
		Long: `Add nodes to a role of a cluster; replicas grow with their masters.

When a step fails before scale_out has run on the other nodes, the new nodes are released. After
that they may hold data and are kept.`,
		Example: `  drover add-nodes cl-a1b2c3d4 --count 2
  drover add-nodes cl-a1b2c3d4 --role etcd_node --count 2 --dry-run`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().IntVar(&in.Count, "count", 1, "number of nodes to add")
	a.bindRole(c, &in.Role)
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		id := args[0]
		l.apply(&in.Waits)
		if err := checkInput(id, in); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.AddNodes,
			ClusterID: id,
			Summary:   fmt.Sprintf("add %d %s to %s", in.Count, nodesOf(in.Role), id),
			Input:     in,
		})
	})
	return c
}

// nodesOf names the nodes of a role in summaries.
func nodesOf(role string) string {
	if role == "" {
		return "nodes"
	}
	return role
}
