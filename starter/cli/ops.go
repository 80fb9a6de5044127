package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/starter/screen"
)

func (a *app) ops() *cobra.Command {
	var (
		limit int
		all   bool
	)
	c := &cobra.Command{
		Use:     "ops CLUSTER",
		Aliases: []string{"operations", "history"},
		Short:   "List the operations of a cluster, newest first",
		Long: `List the operations of a cluster, newest first, including those of a deleted cluster. They are
kept for the retention period of the Temporal namespace. Dry runs and refused requests are not
operations; --all lists them too.`,
		Example:           "  drover ops cl-a1b2c3d4 --limit 5\n  drover ops cl-a1b2c3d4 --all",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().IntVar(&limit, "limit", 20, "number of operations to list")
	c.Flags().BoolVar(&all, "all", false, "list dry runs and refused requests too")
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		if err := clusterArg(args[0]); err != nil {
			return output.Output{}, err
		}
		if limit < 1 {
			return output.Output{}, fault.New(fault.Invalid, "--limit %d: must be positive", limit)
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		history, err := server.History(ctx, args[0], limit, all)
		if err != nil {
			return output.Output{}, err
		}
		return output.Output{Value: history, Blocks: []output.Block{a.opsTable(history)}}, nil
	})
	return c
}

func (a *app) opsTable(history []client.Operation) output.Table {
	t := output.Table{
		Header: []string{"operation", "started", "took", "result", "run", "remark"},
		Empty:  "No operations found.",
	}
	for _, op := range history {
		end := op.EndedAt
		if end.IsZero() {
			end = a.Now()
		}
		state := op.State
		var remarks []string
		if op.DryRun {
			state += " (dry run)"
		}
		if op.Error != nil {
			remarks = append(remarks, op.Error.Message)
		}
		remarks = append(remarks, op.Skipped...)
		t.Rows = append(t.Rows, []string{
			op.Type, op.StartedAt.UTC().Format(time.RFC3339), screen.Elapsed(end.Sub(op.StartedAt)), state, op.RunID,
			output.CleanLine(strings.Join(remarks, "; ")),
		})
	}
	return t
}
