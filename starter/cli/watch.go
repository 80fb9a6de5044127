package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
)

func (a *app) watch() *cobra.Command {
	return &cobra.Command{
		Use:     "watch CLUSTER",
		Aliases: []string{"attach"},
		Short:   "Follow the running operation of a cluster, from anywhere, and exit with its result",
		Long: `Follow the running operation of a cluster and exit with its result, from any machine. When no
operation is running, the result of the last one is shown and sets the exit code.`,
		Example:           "  drover watch cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			op, err := server.Latest(ctx, args[0]) // also a refusal, for one who did not wait for it
			if err != nil {
				return output.Output{}, err
			}
			view := a.viewer()
			if op.Running() {
				return a.follow(ctx, server, view, op.WorkflowID, op.FirstRunID)
			}
			defer view.Close()
			view.Show(client.Sight{Operation: *op})
			if err := op.Failed(); err != nil {
				return output.Output{}, next(err)
			}
			return result(op), nil
		}),
	}
}
