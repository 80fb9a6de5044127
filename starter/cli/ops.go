package cli

import (
	"context"
	"fmt"
	"slices"
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
		Use:     "ops CLUSTER [NUMBER]",
		Aliases: []string{"operations", "history"},
		Short:   "List the operations of a cluster, or show one of them",
		Long: `List the operations of a cluster, newest first, including those of a deleted cluster. They are
kept for the retention period of the Temporal namespace. With NUMBER one is shown: who asked for
what, the values it changed, its steps, and the ends of its commands' outputs. Commands that were run with
drover exec are listed as ExecCommand, without a number. Dry runs and refused requests are not
operations; --all lists them too.`,
		Example: "  drover ops cl-a1b2c3d4 --limit 5\n  drover ops cl-a1b2c3d4 7\n  drover ops cl-a1b2c3d4 --all",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return exactly("CLUSTER")(cmd, args)
		},
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().IntVar(&limit, "limit", 20, "number of operations to list")
	c.Flags().BoolVar(&all, "all", false, "list dry runs and refused requests too")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		if limit < 1 {
			return output.Output{}, fault.New(fault.Invalid, "--limit %d: must be positive", limit)
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		if len(args) == 2 {
			return a.opDetail(ctx, server, args[0], args[1])
		}
		history, err := server.History(ctx, args[0], limit+1, all)
		if err != nil {
			return output.Output{}, err
		}
		var remarks output.Lines
		execs, err := server.Execs(ctx, args[0], limit+1)
		if err != nil {
			return output.Output{}, err
		}
		history = append(history, execs...)
		slices.SortStableFunc(history, func(x, y client.Operation) int { return y.StartedAt.Compare(x.StartedAt) })
		if len(history) > limit {
			history = history[:limit]
			remarks = append(remarks, fmt.Sprintf("older operations are not shown; list more with --limit %d", 10*limit))
		}
		server.Detail(ctx, history)
		for i := range history {
			history[i].Progress = nil // `ops CLUSTER NUMBER` shows the steps
		}
		return output.Output{Value: listOf(history), Blocks: withRemarks([]output.Block{a.opsTable(history)}, remarks)}, nil
	})
	return c
}

func (a *app) opsTable(history []client.Operation) output.Table {
	t := output.Table{
		Header: []string{"number", "operation", "request", "by", "started", "took", "result", "run", "remark"},
		Wide:   []string{"run"},
		Drop:   []string{"took", "by", "started", "request"},
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
			numberOf(op), op.Type, op.What, op.By, op.StartedAt.UTC().Format(time.RFC3339), screen.Elapsed(end.Sub(op.StartedAt)), state, op.RunID,
			output.CleanLine(strings.Join(remarks, "; ")),
		})
	}
	return t
}

// numberOf is the number of an operation, "" when no worker told it.
func numberOf(op client.Operation) string {
	if op.Number == 0 {
		return ""
	}
	return fmt.Sprint(op.Number)
}
