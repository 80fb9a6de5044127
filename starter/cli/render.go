package cli

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
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
		node        nodeFlags
		showSecrets bool
	)
	c := &cobra.Command{
		Use:   "render PACKAGE",
		Short: "Render a package's cluster.json with values",
		Long: `Render a package's cluster.json.mustache with values, as creating a cluster would.

All invalid values are reported at once. Passwords are masked unless --show-secrets is given.
Warnings go to standard error, so the text output is the JSON itself.

With --node the configuration files of one node are rendered instead: its templates, from
--confdir or the role's image below --images, with the metadata of a made-up cluster of the same
values, or with --metadata of a real one. Nothing is written and no command runs; exit code 1
when a template fails.`,
		Example: `  drover render ./etcd --set etcd_node.count=5
  drover render ./etcd --values values.yaml -o json
  drover render ./etcd/package --node etcd_node/1 --confdir ./etcd/node/etc/confd`,
		Args: exactly("PACKAGE"),
	}
	values.bind(c.Flags())
	node.bind(c.Flags())
	c.MarkFlagsMutuallyExclusive("node", "metadata")
	c.MarkFlagsMutuallyExclusive("confdir", "images")
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
		if node.given() {
			return node.render(ctx, args[0], p, given, showSecrets, a.Stdin)
		}
		if node.folders != (imageFolders{}) {
			return output.Output{}, fault.New(fault.Invalid, "templates belong to a node").WithHint("add --node ROLE/SID, or --metadata FILE")
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
