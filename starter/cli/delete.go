package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) delete(plan bool) *cobra.Command {
	var (
		in  api.DeleteClusterInput
		yes bool
		l   = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:     "delete CLUSTER",
		Aliases: []string{"rm"},
		Short:   "Delete a cluster, its machines and its data",
		Long: `Delete a cluster: run the package's destroy and stop, then release machines, volumes and metadata.

With --keep the machines are only powered off: drover recover brings the cluster back until the time
is up, drover cease releases it earlier.

A package's destroy may refuse in order to protect data; --force continues, unless the package
forbids it. Drover asks for confirmation, unless --yes is given; without a terminal --yes is
required.`,
		Example: `  drover delete cl-a1b2c3d4
  drover delete cl-a1b2c3d4 --keep 2h
  drover delete cl-a1b2c3d4 --force --yes
  drover delete cl-a1b2c3d4 --dry-run`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().BoolVar(&in.Force, "force", false, "continue when the package's destroy refuses")
	c.Flags().StringVar(&in.Keep, "keep", "", "keep the cluster in the recycle bin for this `duration`, such as 2h; 0: release it at once (default: the cluster's setting, or the worker's)")
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	l.bindYes(c, &yes)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		id := args[0]
		in.DryRun = l.dryRun
		if err := checkInput(id, in); err != nil {
			return output.Output{}, err
		}
		if err := a.confirm(ctx, l.dryRun, yes, "Delete cluster "+id+" with all its machines and data?"); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.DeleteCluster,
			ClusterID: id,
			Summary:   "delete " + id,
			Input:     in,
		})
	})
	return c
}
