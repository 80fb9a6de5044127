package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) runService(plan bool) *cobra.Command {
	var (
		in     api.RunServiceInput
		role   string
		nodes  []string
		params = valueFlags{words: paramWords}
		l      = launch{plan: plan, prints: true}
	)
	c := &cobra.Command{
		Use:   "run CLUSTER SERVICE",
		Short: "Run a service of the package on a cluster's nodes",
		Long: `Run a custom service of the package on the nodes that its nodes_to_execute_on selects, and print the
end of each node's output. The package declares the parameters; omitted ones use their default. Its services backup and restore are not
run this way: alone they are not a backup.`,
		Example: `  drover run cl-a1b2c3d4 snapshot --param keep=5
  drover run cl-a1b2c3d4 defrag --node cln-a1b2c3d4
  drover run cl-a1b2c3d4 reset --params-file params.json --dry-run`,
		Args:              exactly("CLUSTER", "SERVICE"),
		ValidArgsFunction: a.completeCustomServices,
	}
	flags := c.Flags()
	flags.StringVar(&role, "role", "", "only this role (default: every role that has the service)")
	flags.StringArrayVar(&nodes, "node", nil, "only this `node`: an id, role/sid or an address; may be repeated")
	flags.StringArrayVar(&params.set, "param", nil, "one parameter, `name=value`, read as the type the package declares; may be repeated and overrides --params-file")
	flags.StringVar(&params.file, "params-file", "", "parameters from a JSON or YAML `file`; - is standard input")
	_ = c.RegisterFlagCompletionFunc("role", a.completeRoles)
	_ = c.RegisterFlagCompletionFunc("node", a.completeNodes)
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		id := args[0]
		in.Service, in.DryRun, in.Role = args[1], l.dryRun, given(c, "role", role)
		var err error
		if in.Params, err = params.read(a.Stdin); err != nil {
			return output.Output{}, err
		}
		if err := checkInput(id, in); err != nil {
			return output.Output{}, err
		}
		if in.Nodes, err = a.nodeIDs(ctx, id, nodes); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.RunService,
			ClusterID: id,
			Summary:   fmt.Sprintf("run %q on %s", in.Service, strings.Join(append([]string{id}, in.Nodes...), " ")),
			Input:     in,
		})
	})
	return c
}
