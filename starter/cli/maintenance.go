package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) maintenance() *cobra.Command {
	c := &cobra.Command{
		Use:   "maintenance on|off CLUSTER",
		Short: "Begin or end the maintenance of a cluster: nothing is healed meanwhile",
		Long: `Begin or end the maintenance of a cluster. Meanwhile agents check the health of their node and take no
action, and Drover starts nothing by itself. Operations that you start run as always. drover list and
drover status show the maintenance, and drover concerns still lists bad nodes.`,
		Example: "  drover maintenance on cl-a1b2c3d4\n  drover maintenance off orders",
		Args:    exactly("on|off", "CLUSTER"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{"on", "off"}, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeClusters(cmd, args[1:], word)
		},
	}
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		if args[0] != "on" && args[0] != "off" {
			return output.Output{}, invalid("", []string{fmt.Sprintf("%q: use on or off", args[0])})
		}
		on := args[0] == "on"
		id, err := a.clusterID(ctx, args[1])
		if err != nil {
			return output.Output{}, err
		}
		return a.edit(ctx, api.EditClusterInput{ClusterID: id, Maintenance: &on}, "maintenance "+args[0]+" of "+id)
	})
	return c
}

func (a *app) heal() *cobra.Command {
	return &cobra.Command{
		Use:   "heal CLUSTER LEVEL",
		Short: "Choose what Drover may do by itself about bad nodes of a cluster",
		Long: `Choose the highest level of healing for a cluster. Each level follows when the one before did not help:

  action    the package's own action, which the agent takes; Drover does nothing (the default)
  restart   the package's services are restarted on the node
  repair    the machine is booted, or made again where the provider has none; then start
  replace   another machine on the node's volumes; then start. What was on its root disk is lost

Nothing happens during operations, in maintenance, on clusters that are not active, and while more than a
fifth of the nodes of the cluster, or of all clusters, became bad within 10 minutes. Each act is an
operation, asked for by "health": drover ops shows it.`,
		Example: "  drover heal cl-a1b2c3d4 repair\n  drover heal orders action",
		Args:    exactly("CLUSTER", "LEVEL"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return api.HealLevels, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeClusters(cmd, args, word)
		},
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			return a.edit(ctx, api.EditClusterInput{ClusterID: args[0], Heal: strings.ToLower(args[1])}, "heal "+args[0]+" by "+args[1])
		}),
	}
}
