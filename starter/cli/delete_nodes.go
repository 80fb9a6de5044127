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

func (a *app) deleteNodes(plan bool) *cobra.Command {
	var (
		in  api.DeleteNodesInput
		yes bool
		l   = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "delete-nodes CLUSTER NODE...",
		Short: "Delete nodes of a cluster and their data",
		Long: `Delete nodes of a cluster: run the package's destroy, scale_in on the remaining nodes and stop,
then release their machines and volumes.

A package's destroy may refuse in order to protect data; --force continues, unless the package
forbids it. A failed scale_in always ends the operation and keeps the machines. Drover asks for
confirmation, unless --yes is given; without a terminal --yes is required.

A NODE is an id, role/sid or an address.`,
		Example: `  drover delete-nodes orders etcd_node/3
  drover delete-nodes cl-a1b2c3d4 cln-a1b2c3d4 cln-e5f6g7h8 --force --yes`,
		Args:              atLeast("CLUSTER", "NODE"),
		ValidArgsFunction: a.completeNodeArgs,
	}
	c.Flags().BoolVar(&in.Force, "force", false, "continue when the package's destroy refuses")
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	l.bindYes(c, &yes)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		id := args[0]
		in.Nodes = args[1:]
		l.apply(&in.Waits)
		if err := checkInput(id, in); err != nil {
			return output.Output{}, err
		}
		var err error
		if in.Nodes, err = a.nodeIDs(ctx, id, in.Nodes); err != nil {
			return output.Output{}, err
		}
		list := strings.Join(args[1:], ", ")
		if err := a.confirm(ctx, l.dryRun, yes, fmt.Sprintf("Delete %s of cluster %s with all data?", list, id)); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{
			Operation: api.DeleteNodes,
			ClusterID: id,
			Summary:   fmt.Sprintf("delete %s of %s", list, id),
			Input:     in,
		})
	})
	return c
}
