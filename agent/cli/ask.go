package cli

import (
	"time"

	"drover/agent/api"

	"github.com/spf13/cobra"
)

func (a *app) status() *cobra.Command {
	return a.printing(&cobra.Command{
		Use: "status", Short: "Show what the agent is doing", Args: cobra.NoArgs,
		Example: "  drover-agent status -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.client().Status(cmd.Context())
			if err != nil {
				return err
			}
			return a.printStatus(st)
		},
	})
}

func (a *app) sync() *cobra.Command {
	var req api.SyncRequest
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "sync", Short: "Wait until a revision is applied", Args: cobra.NoArgs,
		Example: "  drover-agent sync --revision 7 --timeout 2m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			req.TimeoutSec = int((timeout + time.Second - 1) / time.Second)
			res, err := a.client().Sync(cmd.Context(), req)
			if err != nil {
				return err
			}
			return a.printSync(res)
		},
	}
	cmd.Flags().Int64Var(&req.Revision, "revision", 0, "`number` of the revision")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long to wait")
	cmd.MarkFlagRequired("revision")
	return a.printing(cmd)
}

func (a *app) reload() *cobra.Command {
	return a.printing(&cobra.Command{
		Use: "reload", Short: "Read conf.d again, apply the current revision again, retry failed reloads", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			res, err := a.client().Reload(cmd.Context())
			if err != nil {
				return err
			}
			return a.printSync(res)
		},
	})
}
