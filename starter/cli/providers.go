package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drover/starter/output"
)

func (a *app) providers() *cobra.Command {
	return &cobra.Command{
		Use:   "providers",
		Short: "Show the providers of machines: capabilities, notes, health",
		Long: `Show the providers of the worker: their capabilities, the limits they do not enforce, and the
reason when one is unhealthy. A cluster keeps the provider it was created with (drover create --provider).`,
		Example: "  drover providers\n  drover providers -o json",
		Args:    exactly(),
		RunE: a.run(func(ctx context.Context, _ []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			list, err := server.Providers(ctx)
			if err != nil {
				return output.Output{}, err
			}
			t := output.Table{Header: []string{"provider", "default", "health", "capabilities"}}
			var notes output.Table
			notes.Header = []string{"provider", "note"}
			for _, p := range list.Providers {
				var can []string
				for _, name := range slices.Sorted(maps.Keys(p.Capabilities)) {
					if p.Capabilities[name] {
						can = append(can, strings.ReplaceAll(name, "_", "-"))
					}
				}
				health, isDefault := "ok", ""
				if p.Problem != "" {
					health = "unhealthy"
					notes.Rows = append(notes.Rows, []string{p.Name, "unhealthy: " + p.Problem})
				}
				if p.Hint != "" {
					notes.Rows = append(notes.Rows, []string{p.Name, "do: " + p.Hint})
				}
				if p.Default {
					isDefault = "yes"
				}
				t.Rows = append(t.Rows, []string{p.Name, isDefault, health, strings.Join(can, ", ")})
				for _, note := range p.Notes {
					notes.Rows = append(notes.Rows, []string{p.Name, note})
				}
			}
			blocks := []output.Block{t}
			if len(notes.Rows) > 0 {
				blocks = append(blocks, notes)
			}
			return output.Output{Value: listOf(list.Providers), Blocks: blocks}, nil
		}),
	}
}
