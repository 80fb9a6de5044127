package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/workflows/api"
)

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
			return output.Output{Value: listOf(list.Backups), Blocks: withRemarks([]output.Block{t}, damaged)}, nil
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
		a.ask(cmd, func(ctx context.Context, server backend) error {
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
