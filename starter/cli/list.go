package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

func (a *app) list() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls", "clusters"},
		Short:   "List the clusters",
		Example: "  drover list\n  drover list -o json",
		Args:    exactly(),
		RunE: a.run(func(ctx context.Context, _ []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			list, err := server.Clusters(ctx)
			if err != nil {
				return output.Output{}, err
			}
			if list.Clusters == nil {
				list.Clusters = []api.ClusterView{}
			}
			var damaged output.Lines
			for _, c := range list.Clusters {
				if c.State == api.ClusterUnreadable {
					damaged = append(damaged, c.ClusterID+": "+c.Reason)
				}
			}
			return output.Output{Value: list, Blocks: withRemarks([]output.Block{a.clusterTable(list.Clusters)}, damaged)}, nil
		}),
	}
}

func (a *app) clusterTable(clusters []api.ClusterView) output.Table {
	t := output.Table{
		Header: []string{"cluster", "name", "app", "version", "state", "nodes", "operation", "age"},
		Empty:  "No clusters. Create one with: drover create APP",
	}
	for _, c := range clusters {
		operation := ""
		if c.Operation.State == api.OpRunning {
			operation = c.Operation.Type
		}
		t.Rows = append(t.Rows, []string{c.ClusterID, c.Name, c.App, c.Version, c.State, fmt.Sprint(c.NodeCount), operation, a.age(c.CreatedAt)})
	}
	return t
}

// withRemarks adds lines below a table, if there are any.
func withRemarks(blocks []output.Block, lines output.Lines) []output.Block {
	if len(lines) == 0 {
		return blocks
	}
	return append(blocks, lines)
}

// age is the time since an RFC 3339 text; the text itself when it is none.
func (a *app) age(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	d := a.Now().Sub(t)
	if d >= 48*time.Hour {
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
	return screen.Elapsed(d)
}
