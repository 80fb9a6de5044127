package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) repair(plan bool) *cobra.Command {
	var (
		in api.RepairClusterInput
		l  = launch{plan: plan}

		nodes []string
	)
	c := &cobra.Command{
		Use:   "repair CLUSTER",
		Short: "Restore a cluster to its record: metadata complete, agents running, machines on",
		Long: `Restore a cluster to its control record without stopping it: clear the remains of a dead
operation, republish all metadata of the nodes, start agents that do not run, end commands that
belong to no operation. drover doctor reports when that is needed.

With --nodes the machines of these nodes are recorded as the provider reports them, with address
and host key, recreated on their volumes where the provider has none, and booted. A missing volume
is recreated EMPTY: its data is lost. The package's start then runs on these nodes. --replace gives
them other machines on their volumes; what was on their root disks is lost.`,
		Example: `  drover repair cl-a1b2c3d4
  drover repair cl-a1b2c3d4 --nodes cln-a1b2c3d4
  drover repair cl-a1b2c3d4 --nodes etcd_node/2 --replace`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().StringSliceVar(&nodes, "nodes", nil, "adopt or recreate the machines of these nodes, by id, role/sid or address, comma-separated")
	_ = c.RegisterFlagCompletionFunc("nodes", a.completeNodes)
	c.Flags().BoolVar(&in.Replace, "replace", false, "with --nodes: other machines, on the nodes' volumes")
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		in.Nodes = nodes
		if err := checkInput(args[0], in); err != nil {
			return output.Output{}, err
		}
		var err error
		if in.Nodes, err = a.nodeIDs(ctx, args[0], nodes); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.RepairCluster,
			ClusterID: args[0],
			Summary:   "repair " + args[0],
			Input:     in,
		})
	})
	return c
}
