package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/starter/operations"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) repair(plan bool) *cobra.Command {
	var (
		in api.RepairClusterInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "repair CLUSTER",
		Short: "Make a cluster again what its record says: metadata whole, agents running, machines on",
		Long: `Make a cluster again what its control record says, without stopping anything: clear what an
operation that died has left, publish everything that nodes see, start agents that do not run, end
commands that no operation runs. drover doctor says when that is needed.

With --nodes the machines of these nodes are taken as the provider has them, address and host key,
made anew where it has none, on the volumes they had, and booted. A volume that is gone is made anew
and EMPTY: what was on it is lost. The package's start then runs on these nodes.`,
		Example: `  drover repair cl-a1b2c3d4
  drover repair cl-a1b2c3d4 --nodes cln-a1b2c3d4`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().StringSliceVar(&in.Nodes, "nodes", nil, "take or make the machines of these nodes anew, comma-separated")
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		return a.start(ctx, &l, operations.Request{
			Operation: api.RepairCluster,
			ClusterID: args[0],
			Summary:   "repair " + args[0],
			Input:     in,
		})
	})
	return c
}
