package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) backupRestore(plan bool) *cobra.Command {
	var (
		in          api.RestoreClusterInput
		id, inPlace string
		force, yes  bool
		l           = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "restore BACKUP",
		Short: "Make a new cluster from a backup",
		Long: `Make a new cluster from a backup: version, sizes, values and server ids are the original's. Roles
that define restore run it in place of start. A restore that fails leaves no cluster; the backup
stays.

With --in-place CLUSTER the package's restore replaces the data of the cluster the backup was made
of, which needs backup_policy custom. The package's destroy may refuse it, --force continues, and
where the provider takes snapshots a safety backup comes first.`,
		Example: `  drover backup restore s-a1b2c3d4
  drover backup restore s-a1b2c3d4 --id cl-copy0001 --name copy --network vxnet-2
  drover backup restore s-a1b2c3d4 --in-place cl-a1b2c3d4 --yes`,
		Args:              exactly("BACKUP"),
		ValidArgsFunction: a.completeBackups,
	}
	flags := c.Flags()
	flags.StringVar(&id, "id", "", "id of the new cluster, cl- and 8 lower-case letters or digits (default: a random one)")
	flags.StringVar(&in.Name, "name", "", "name of the new cluster (default: the original's, with a suffix while a cluster has it)")
	flags.StringVar(&in.Network, "network", "", "network of the new cluster (default: the original's)")
	flags.StringVar(&in.Provider, "provider", "", "provider of the machines (default: the original's)")
	flags.StringVar(&in.Zone, "zone", "", "zone for the machines (default: the original's)")
	flags.StringVar(&inPlace, "in-place", "", "replace the data of this cluster")
	flags.BoolVar(&force, "force", false, "with --in-place: continue when the package's destroy refuses")
	_ = c.RegisterFlagCompletionFunc("provider", a.completeProviders)
	_ = c.RegisterFlagCompletionFunc("in-place", a.completeClusters)
	for _, other := range []string{"id", "name", "network", "provider", "zone"} {
		c.MarkFlagsMutuallyExclusive("in-place", other)
	}
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	l.bindYes(c, &yes)
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		in.Backup = args[0]
		if inPlace != "" {
			var err error
			if inPlace, err = a.clusterID(ctx, inPlace); err != nil {
				return output.Output{}, err
			}
			over := api.RestoreInPlaceInput{Backup: in.Backup, Force: force, DryRun: l.dryRun, Holds: in.Holds}
			if err := checkInput(inPlace, over); err != nil {
				return output.Output{}, err
			}
			if err := a.confirm(ctx, l.dryRun, yes, "Replace the data of cluster "+inPlace+" by backup "+in.Backup+"?"); err != nil {
				return output.Output{}, err
			}
			return a.start(ctx, &l, client.Request{Operation: api.RestoreInPlace, ClusterID: inPlace, Summary: "restore " + in.Backup + " over " + inPlace, Input: over})
		}
		if force {
			return output.Output{}, fault.New(fault.Invalid, "--force is for --in-place: a new cluster has nothing to protect")
		}
		if id == "" {
			id = a.NewClusterID()
		}
		return a.start(ctx, &l, client.Request{Operation: api.RestoreCluster, ClusterID: id, Summary: "restore " + in.Backup + " as " + id, Input: in})
	})
	return c
}

func (a *app) backupVerify(plan bool) *cobra.Command {
	var (
		in api.VerifyBackupInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "verify BACKUP",
		Short: "Prove a backup: restore it into a throw-away cluster and compare",
		Long: `Restore a backup into a throw-away cluster, wait for its health checks, run the package's custom
service verify where the backup has its output, compare what it prints with what it printed when
the backup was made, and delete the cluster. drover backup list shows the result.`,
		Example:           "  drover backup verify s-a1b2c3d4",
		Args:              exactly("BACKUP"),
		ValidArgsFunction: a.completeBackups,
	}
	c.Flags().StringVar(&in.Provider, "provider", "", "provider of the machines (default: the original's)")
	_ = c.RegisterFlagCompletionFunc("provider", a.completeProviders)
	l.bind(c, &in.Waits)
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		in.Backup = args[0]
		return a.start(ctx, &l, client.Request{Operation: api.VerifyBackup, ClusterID: a.NewClusterID(), Summary: "verify " + in.Backup, Input: in})
	})
	return c
}
