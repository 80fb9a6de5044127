package cli

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"drover/specs"
	"drover/starter/output"
)

// rendered is what `drover render -o json` prints.
type rendered struct {
	Cluster  json.RawMessage    `json:"cluster"`
	Warnings []specs.Diagnostic `json:"warnings"`
}

func (a *app) render() *cobra.Command {
	var (
		values      valueFlags
		showSecrets bool
	)
	c := &cobra.Command{
		Use:   "render PACKAGE",
		Short: "Render a package's cluster.json with values",
		Long: `Render a package's cluster.json.mustache with values, as creating a cluster would.

All invalid values are reported at once. Passwords are masked unless --show-secrets is given.
Warnings go to standard error, so the text output is the JSON itself.`,
		Example: `  drover render ./etcd --set etcd_node.count=5
  drover render ./etcd --values values.yaml -o json`,
		Args: exactly("PACKAGE"),
	}
	values.bind(c.Flags())
	c.Flags().BoolVar(&showSecrets, "show-secrets", false, "show passwords as they are")
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		p, err := openPackage(args[0])
		if err != nil {
			return output.Output{}, err
		}
		given, err := values.read(a.Stdin)
		if err != nil {
			return output.Output{}, err
		}
		text, found, err := p.RenderJSON(ctx, given, specs.RenderOptions{ShowSecrets: showSecrets})
		for _, line := range diagnosticLines(found.Warnings()) {
			a.printer.Say("%s", line)
		}
		if text == nil {
			return output.Output{}, err
		}
		out := output.Output{Blocks: []output.Block{output.Lines{strings.TrimRight(string(text), "\n")}}}
		if err == nil {
			out.Value = rendered{Cluster: text, Warnings: append([]specs.Diagnostic{}, found.Warnings()...)}
		}
		return out, err
	})
	return c
}
