package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"drover/backup/key"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

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
		return a.aboutBackup(ctx, in.Problems(), func(server backend) (*api.BackupView, error) { return server.ImportBackup(ctx, in) })
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
		return a.aboutBackup(ctx, in.Problems(), func(server backend) (*api.BackupView, error) { return server.ExportBackup(ctx, in) })
	})
	return c
}

func (a *app) aboutBackup(ctx context.Context, problems []string, ask func(backend) (*api.BackupView, error)) (output.Output, error) {
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

// backupKeyMade is what `drover backup keygen -o json` prints: never the key.
type backupKeyMade struct {
	File string `json:"file"`
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
			return output.Output{Value: backupKeyMade{File: args[0]}, Blocks: []output.Block{output.Fields{{"file", args[0]}}}}, nil
		}),
	}
}
