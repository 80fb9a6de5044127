package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"drover/starter/operations"
	"drover/starter/output"
)

func (a *app) cancel() *cobra.Command {
	var noWait bool
	c := &cobra.Command{
		Use:   "cancel CLUSTER",
		Short: "Cancel the cluster's running operation, which then undoes what it did",
		Long: `Cancel the cluster's running operation. Its running commands are ended and what it did is
undone, step by step; the command waits for that and then exits 0.`,
		Example:           "  drover cancel cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().BoolVar(&noWait, "no-wait", false, "return once the cancel is recorded")
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		if err := clusterArg(args[0]); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		op, err := server.Cancel(ctx, args[0])
		if err != nil {
			return output.Output{}, err
		}
		if noWait {
			return output.Output{Value: op, Blocks: []output.Block{
				output.Lines{op.Type + " " + op.ClusterID + " is asked to cancel; follow it with: drover watch " + op.ClusterID},
			}}, nil
		}
		view := a.viewer()
		defer view.Close()
		end, err := server.Follow(ctx, op.WorkflowID, op.FirstRunID, view.Show)
		if errors.Is(err, context.Canceled) {
			return output.Output{}, detached{clusterID: args[0]}
		}
		var failed *operations.Failed
		if errors.As(err, &failed) && failed.State == operations.StateCancelled {
			return output.Output{Value: end, Blocks: []output.Block{output.Lines{op.Type + " " + op.ClusterID + " was cancelled."}}}, nil
		}
		if err != nil {
			return output.Output{}, next(err)
		}
		return result(end), nil // it ended before the cancel reached it
	})
	return c
}
