package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) nodes() *cobra.Command {
	return &cobra.Command{
		Use:               "nodes CLUSTER",
		Short:             "List the nodes of a cluster",
		Example:           "  drover nodes cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			cluster, err := server.ClusterAndAgents(ctx, args[0])
			if err != nil {
				return output.Output{}, err
			}
			return output.Output{Value: listOf(cluster.Nodes), Blocks: []output.Block{nodeTable(cluster.Nodes)}}, nil
		}),
	}
}

func nodeTable(nodes []api.NodeView) output.Table {
	t := output.Table{
		Header: []string{"node", "role", "sid", "ip", "cpu", "memory", "volume", "instance", "agent", "health"},
		Wide:   []string{"instance"},
		Drop:   []string{"volume", "memory", "cpu", "agent", "ip"},
		Empty:  "No nodes.",
	}
	for _, n := range nodes {
		volume := ""
		if n.VolumeSize > 0 {
			volume = fmt.Sprintf("%d GiB", n.VolumeSize)
		}
		t.Rows = append(t.Rows, []string{
			n.NodeID, n.Role, fmt.Sprint(n.SID), n.IP, fmt.Sprint(n.CPU), fmt.Sprintf("%d MiB", n.Memory), volume,
			n.InstanceID, n.Agent, n.Health,
		})
	}
	return t
}
