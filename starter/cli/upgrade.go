package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) upgrade(plan bool) *cobra.Command {
	var (
		in     api.UpgradeClusterInput
		values valueFlags
		l      = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "upgrade CLUSTER",
		Short: "Upgrade a cluster to another version of its application",
		Long: `Upgrade a cluster to another published version of its application, which must list
the cluster's version in its upgrade_policy. Nodes keep their id, address and volumes.

The values of the cluster stay as they are, whatever the defaults of the new version; those that
it has no item for are dropped. --set and --values give values to items that are new, or that
may be changed. drover plan upgrade lists which values are new, dropped and kept.

When the upgrade fails, the cluster is kept as it is for inspection (upgrade_failed); drover
downgrade restores the previous version, and --on-failure rollback does so at once. With
--on-failure hold the failed step waits for drover resolve.`,
		Example: `  drover upgrade cl-a1b2c3d4 --to 3.6.0
  drover upgrade cl-a1b2c3d4 --to 3.6.0 --on-failure rollback
  drover upgrade cl-a1b2c3d4 --to 4.0.0 --set env.license=abc`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().StringVar(&in.Version, "to", "", "published `version` to upgrade to")
	_ = c.MarkFlagRequired("to")
	_ = c.RegisterFlagCompletionFunc("to", a.completeUpgrades)
	values.bind(c.Flags())
	bindOnFailure(c, &in.OnFailure, api.OnFailureStop, "stop, rollback to the previous version, or hold the failed step for drover resolve",
		api.OnFailureStop, api.OnFailureRollback, api.OnFailureHold)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		var err error
		if in.Values, err = values.read(a.Stdin); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.UpgradeCluster,
			ClusterID: args[0],
			Summary:   "upgrade " + args[0] + " to " + in.Version,
			Input:     in,
		})
	})
	return c
}

func (a *app) downgrade(plan bool) *cobra.Command {
	var (
		in api.DowngradeClusterInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:               "downgrade CLUSTER",
		Short:             "Restore the previous version after a failed upgrade",
		Example:           "  drover downgrade cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		return a.start(ctx, &l, client.Request{
			Operation: api.DowngradeCluster,
			ClusterID: args[0],
			Summary:   "downgrade " + args[0],
			Input:     in,
		})
	})
	return c
}
