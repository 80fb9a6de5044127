package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/workflows/api"
)

// concernList is what `drover concerns -o json` prints. Total counts all; items may be only the first of them.
type concernList struct {
	List[api.Concern]
	Total int `json:"total"`
}

func (a *app) concerns() *cobra.Command {
	return &cobra.Command{
		Use:   "concerns [CLUSTER]",
		Short: "List what needs attention, of one cluster or of all",
		Long: `List what needs attention, of one cluster or of all: clusters that failed, nodes that are unhealthy or
silent, operations that are held, templates that fail, orphans, and backups that cannot be trusted. Each
has its cause, since when, and the command that mends it. No node is contacted.

Nodes of clusters that are not active, or on which an operation runs, are left out.`,
		Example: "  drover concerns\n  drover concerns cl-a1b2c3d4 -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exactly("CLUSTER")(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			cluster := ""
			if len(args) > 0 {
				cluster = args[0]
			}
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			list, err := server.Concerns(ctx, cluster)
			if err != nil {
				return output.Output{}, err
			}
			var remarks output.Lines
			if more := list.Total - len(list.Concerns); more > 0 {
				remarks = append(remarks, fmt.Sprintf("%d more are not shown", more))
			}
			return output.Output{Value: concernList{listOf(list.Concerns), list.Total}, Blocks: withRemarks([]output.Block{a.concernTable(list.Concerns)}, remarks)}, nil
		}),
	}
}

func (a *app) concernTable(list []api.Concern) output.Table {
	t := output.Table{
		Header: []string{"cluster", "kind", "what", "for", "node", "repair"},
		Wide:   []string{"node"},
		Drop:   []string{"kind", "for"},
		Empty:  "Nothing needs attention.",
	}
	for _, c := range list {
		t.Rows = append(t.Rows, []string{c.ClusterID, c.Kind, c.What, a.age(c.Since), c.Node, c.Repair})
	}
	return t
}
