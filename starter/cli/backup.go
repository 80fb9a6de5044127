package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

// backup are the commands about backups; plan has those that change a cluster.
func (a *app) backup(plan bool) *cobra.Command {
	c := &cobra.Command{
		Use:     "backup",
		Short:   "Back up clusters, restore and prove backups",
		Example: "  drover backup create cl-a1b2c3d4\n  drover backup list\n  drover backup restore s-a1b2c3d4\n  drover backup verify s-a1b2c3d4",
	}
	commands := []*cobra.Command{a.backupCreate(plan), a.backupRestore(plan), a.backupVerify(plan), a.backupDelete(plan)}
	if !plan {
		commands = append(commands, a.backupList(), a.backupShow(), a.backupExport(), a.backupImport(), a.backupKeygen(), a.backupSchedule())
	}
	return group(c, commands...)
}

func (a *app) backupCreate(plan bool) *cobra.Command {
	var (
		in     api.BackupClusterInput
		params valueFlags
		l      = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "create CLUSTER",
		Short: "Back a cluster up, while it runs",
		Long: `Back a cluster up: the package's backup prepares the data, then the data goes to a target of the
worker. Without --full a package with incremental_backup_supported adds a point to the newest
chain, which stores what has changed. A backup that fails or is cancelled leaves nothing.`,
		Example:           "  drover backup create cl-a1b2c3d4\n  drover backup create cl-a1b2c3d4 --target far --full",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().StringVar(&in.Target, "target", "", "target of the data (default: the worker's)")
	c.Flags().BoolVar(&in.Full, "full", false, "store everything, and begin a new chain")
	c.Flags().IntVar(&in.Chain, "chain", 0, "begin a new chain when the newest has so many points (default: never)")
	params.bind(c.Flags())
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		in.DryRun = l.dryRun
		var err error
		if in.Params, err = params.read(a.Stdin); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{Operation: api.BackupCluster, ClusterID: args[0], Summary: "back up " + args[0], Input: in})
	})
	return c
}

func (a *app) backupDelete(plan bool) *cobra.Command {
	var (
		in  api.DeleteBackupInput
		yes bool
		l   = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:               "delete BACKUP",
		Aliases:           []string{"rm"},
		Short:             "Delete a backup and its data",
		Long:              "Delete a backup: its data at the target, then its entry. The later points of its chain need it, and are\ndeleted with it by --later. The cluster need not exist any more.",
		Example:           "  drover backup delete s-a1b2c3d4\n  drover backup delete s-a1b2c3d4 --later --yes",
		Args:              exactly("BACKUP"),
		ValidArgsFunction: a.completeBackups,
	}
	c.Flags().BoolVar(&in.Later, "later", false, "delete the later points of its chain too")
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	l.bindYes(c, &yes)
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.Backup, in.DryRun = args[0], l.dryRun
		if err := invalid("the request is invalid", in.Problems()); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		b, err := server.Backup(ctx, in.Backup)
		if err != nil {
			return output.Output{}, err
		}
		if err := a.confirm(ctx, l.dryRun, yes, "Delete backup "+in.Backup+" of cluster "+b.ClusterID+" with all its data?"); err != nil {
			return output.Output{}, err
		}
		return a.operate(ctx, client.Request{Operation: api.DeleteBackup, ClusterID: b.ClusterID, Summary: "delete " + in.Backup, Input: in}, l.noWait, l.dryRun)
	})
	return c
}
