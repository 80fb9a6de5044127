package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"drover/backup/key"
	"drover/client"
	"drover/fault"
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
		commands = append(commands, a.backupList(), a.backupShow(), a.backupExport(), a.backupImport(), a.backupKeygen())
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

func (a *app) backupList() *cobra.Command {
	return &cobra.Command{
		Use:               "list [CLUSTER]",
		Aliases:           []string{"ls"},
		Short:             "List the backups of a cluster, or of all",
		Example:           "  drover backup list\n  drover backup list cl-a1b2c3d4 -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeClusters,
		RunE: a.run(func(ctx context.Context, args []string) (output.Output, error) {
			var in api.ListBackupsInput
			if len(args) > 0 {
				// The backups of a deleted cluster are found by its id.
				var err error
				if in.ClusterID, err = a.clusterID(ctx, args[0]); err != nil {
					return output.Output{}, err
				}
			}
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			list, err := server.Backups(ctx, in)
			if err != nil {
				return output.Output{}, err
			}
			t := output.Table{
				Header: []string{"backup", "cluster", "app", "version", "state", "why", "kind", "data", "stored", "age", "verified"},
				Empty:  "No backups. Make one with: drover backup create CLUSTER",
			}
			var damaged output.Lines
			for _, b := range list.Backups {
				if b.Problem != "" {
					damaged = append(damaged, b.Backup+": "+b.Problem)
				}
				t.Rows = append(t.Rows, []string{
					b.Backup, b.ClusterID, b.App, b.Version, b.State, b.Why, kindOf(b), size(b.Bytes), size(b.Stored), a.age(b.CreatedAt), a.verified(b),
				})
			}
			return output.Output{Value: list, Blocks: withRemarks([]output.Block{t}, damaged)}, nil
		}),
	}
}

func (a *app) backupShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show BACKUP",
		Short:             "Show one backup with its parts",
		Example:           "  drover backup show s-a1b2c3d4",
		Args:              exactly("BACKUP"),
		ValidArgsFunction: a.completeBackups,
		RunE: a.run(func(ctx context.Context, args []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			b, err := server.Backup(ctx, args[0])
			if err != nil {
				return output.Output{}, err
			}
			return a.backupOutput(b), nil
		}),
	}
}

func (a *app) backupOutput(b *api.BackupView) output.Output {
	fields := output.Fields{
		{"backup", b.Backup}, {"cluster", b.ClusterID}, {"name", b.Name}, {"app", b.App + " " + b.Version}, {"state", b.State},
		{"why", b.Why}, {"kind", kindOf(*b)}, {"policy", b.Policy}, {"target", b.Target}, {"created", b.CreatedAt}, {"completed", b.CompletedAt},
		{"data", size(b.Bytes)}, {"stored", size(b.Stored)}, {"verified", a.verified(*b)},
	}
	for _, child := range b.Children {
		fields = append(fields, output.Field{"needed by", child})
	}
	t := output.Table{Header: []string{"role", "sid", "volume", "files", "data", "sha256"}, Empty: "No parts."}
	for _, p := range b.Parts {
		volume := fmt.Sprint(p.Volume)
		if p.Volume == 0 {
			volume = "folder"
		}
		t.Rows = append(t.Rows, []string{p.Role, fmt.Sprint(p.SID), volume, fmt.Sprint(p.Files), size(p.Bytes), p.SHA256})
	}
	return output.Output{Value: b, Blocks: []output.Block{fields, t}}
}

func (a *app) backupImport() *cobra.Command {
	var in api.ImportBackupInput
	c := &cobra.Command{
		Use:     "import BACKUP",
		Short:   "Take a backup of a target into the catalogue",
		Long:    "Take a backup that another installation has made into the catalogue, with the earlier points of its chain.\nThe worker needs the target, and the key if there is one; the application must be published to restore it.",
		Example: "  drover backup import s-a1b2c3d4 --target far",
		Args:    exactly("BACKUP"),
	}
	c.Flags().StringVar(&in.Target, "target", "", "target that has the backup (default: the worker's)")
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.Backup = args[0]
		return a.aboutBackup(ctx, in.Problems(), func(server *client.Client) (*api.BackupView, error) { return server.ImportBackup(ctx, in) })
	})
	return c
}

func (a *app) backupExport() *cobra.Command {
	var in api.ExportBackupInput
	c := &cobra.Command{
		Use:               "export BACKUP",
		Short:             "Copy a backup to another target of the worker",
		Long:              "Copy a backup to another target of the worker, with the earlier points of its chain. Another installation with\nthat target takes it over with drover backup import.",
		Example:           "  drover backup export s-a1b2c3d4 --target far",
		Args:              exactly("BACKUP"),
		ValidArgsFunction: a.completeBackups,
	}
	c.Flags().StringVar(&in.Target, "target", "", "target to copy to")
	_ = c.MarkFlagRequired("target")
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.Backup = args[0]
		return a.aboutBackup(ctx, in.Problems(), func(server *client.Client) (*api.BackupView, error) { return server.ExportBackup(ctx, in) })
	})
	return c
}

func (a *app) aboutBackup(ctx context.Context, problems []string, ask func(*client.Client) (*api.BackupView, error)) (output.Output, error) {
	if err := invalid("the request is invalid", problems); err != nil {
		return output.Output{}, err
	}
	server, err := a.server(ctx)
	if err != nil {
		return output.Output{}, err
	}
	b, err := ask(server)
	if err != nil {
		return output.Output{}, err
	}
	return a.backupOutput(b), nil
}

func (a *app) backupKeygen() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen FILE",
		Short: "Generate a key that encrypts backups",
		Long: `Generate a file with a new age key, readable only by its owner. Name it in the workers' configuration
file (backups.key): backups are encrypted from then on. To rotate the key put a new one before the
old one in the file. A backup whose key is lost cannot be read: keep a copy elsewhere.`,
		Example: "  drover backup keygen /etc/drover/backup.key",
		Args:    exactly("FILE"),
		RunE: a.run(func(_ context.Context, args []string) (output.Output, error) {
			text, err := key.New()
			if err != nil {
				return output.Output{}, err
			}
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return output.Output{}, fault.Wrap(err, fault.Invalid, "key of backups")
			}
			_, err = f.WriteString(text)
			if closed := f.Close(); err == nil {
				err = closed
			}
			if err != nil {
				return output.Output{}, fault.Wrap(err, fault.Internal, "key of backups")
			}
			return output.Output{Value: map[string]string{"file": args[0]}, Blocks: []output.Block{output.Fields{{"file", args[0]}}}}, nil
		}),
	}
}

func kindOf(b api.BackupView) string {
	if b.Parent == "" {
		return "full"
	}
	return "after " + b.Parent
}

// verified says how sure it is that a backup can be restored.
func (a *app) verified(b api.BackupView) string {
	switch {
	case b.VerifyProblem != "":
		return "FAILED: " + b.VerifyProblem
	case b.Verified == "":
		return "never"
	case b.Compared:
		return a.age(b.Verified) + " ago, data compared"
	}
	return a.age(b.Verified) + " ago"
}

// size is a number of bytes for people.
func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// completeBackups suggests whole backups.
func (a *app) completeBackups(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) == 0 {
		a.ask(cmd, func(ctx context.Context, server *client.Client) error {
			list, err := server.Backups(ctx, api.ListBackupsInput{})
			if err != nil {
				return err
			}
			for _, b := range list.Backups {
				out = append(out, cobra.CompletionWithDesc(b.Backup, b.ClusterID+" "+b.App+", "+b.State+", "+b.CreatedAt))
			}
			return nil
		})
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
