package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
)

func (a *app) cancel() *cobra.Command {
	var noWait bool
	c := &cobra.Command{
		Use:   "cancel CLUSTER",
		Short: "Cancel the cluster's running operation and undo its completed steps",
		Long: `Cancel the cluster's running operation, including one that is held. The process groups of its
running commands get TERM, and KILL 10 s later; completed steps are undone (compensated) one by
one. The command shows the progress until the undo is complete and exits 0; Ctrl-C only detaches.

An operation may have a point of no return: drover plan marks it, drover status reports whether it
was passed. After it a cancel is refused (exit code 3) and the operation runs to its end.`,
		Example:           "  drover cancel cl-a1b2c3d4\n  drover cancel cl-a1b2c3d4 --no-wait",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().BoolVar(&noWait, "no-wait", false, "return once the cancel is recorded")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
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
				output.Lines{op.Type + " " + op.ClusterID + " is being cancelled; follow it with: drover watch " + op.ClusterID},
			}}, nil
		}
		if a.printer.Format != output.JSON {
			a.printer.Say("%s", asked(op))
		}
		view := a.viewer()
		defer view.Close()
		a.asked = true
		end, err := a.sightsOf(ctx, server, view, op.WorkflowID, op.FirstRunID)
		if errors.Is(err, context.Canceled) {
			return output.Output{}, detached{clusterID: args[0]}
		}
		var failed *client.Failed
		if errors.As(err, &failed) && failed.State == client.StateCancelled {
			return output.Output{Value: end, Blocks: []output.Block{output.Lines{op.Type + " " + op.ClusterID + " was cancelled."}}}, nil
		}
		if err != nil {
			return output.Output{}, next(err)
		}
		return result(end), nil // it ended before the cancel reached it
	})
	return c
}

// asked says what the cancel has set going.
func asked(op *client.Operation) string {
	text := op.Type + " " + op.ClusterID + " is being cancelled."
	if op.Waiting != nil {
		text += " It is at step " + strings.TrimSpace(op.Waiting.Step+" "+op.Waiting.Words) + "; a cancel " + op.Waiting.Cancel + "."
	}
	return text
}
