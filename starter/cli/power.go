package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) startCluster(plan bool) *cobra.Command {
	var (
		in api.StartClusterInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:               "start CLUSTER",
		Short:             "Start a stopped cluster",
		Example:           "  drover start cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		return a.start(ctx, &l, client.Request{
			Operation: api.StartCluster,
			ClusterID: args[0],
			Summary:   "start " + args[0],
			Input:     in,
		})
	})
	return c
}

func (a *app) stopCluster(plan bool) *cobra.Command {
	var (
		in api.StopClusterInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "stop CLUSTER",
		Short: "Stop a cluster and power off its machines",
		Long: `Stop a cluster: run the package's stop, then power off the machines. Volumes are kept. Nodes
without user access lose their root disk and get a new one when they start.`,
		Example:           "  drover stop cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		in.DryRun = l.dryRun
		return a.start(ctx, &l, client.Request{
			Operation: api.StopCluster,
			ClusterID: args[0],
			Summary:   "stop " + args[0],
			Input:     in,
		})
	})
	return c
}

func (a *app) restart(plan bool) *cobra.Command {
	var (
		in   api.RestartClusterInput
		role string
		l    = launch{plan: plan}

		nodes []string
	)
	c := &cobra.Command{
		Use:   "restart CLUSTER",
		Short: "Restart the application of a cluster, or of one role",
		Long: `Restart the application of a cluster, or of one role, with the package's restart service,
or its stop and start if it has none. Machines stay on. --nodes restarts it on these nodes alone.`,
		Example: `  drover restart cl-a1b2c3d4
  drover restart cl-a1b2c3d4 --role etcd_node
  drover restart cl-a1b2c3d4 --nodes etcd_node/2`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().StringVar(&role, "role", "", "only this role (default: all)")
	_ = c.RegisterFlagCompletionFunc("role", a.completeRoles)
	c.Flags().StringSliceVar(&nodes, "nodes", nil, "only these nodes, by id, role/sid or address, comma-separated (default: all)")
	_ = c.RegisterFlagCompletionFunc("nodes", a.completeNodes)
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		var err error
		if in.Nodes, err = a.nodeIDs(ctx, args[0], nodes); err != nil {
			return output.Output{}, err
		}
		in.DryRun, in.Role = l.dryRun, given(c, "role", role)
		return a.start(ctx, &l, client.Request{
			Operation: api.RestartCluster,
			ClusterID: args[0],
			Summary:   "restart " + args[0],
			Input:     in,
		})
	})
	return c
}

// given is a flag's value, nil when it was not used: an empty role is a role, that of packages without role names.
func given(c *cobra.Command, flag, value string) *string {
	if !c.Flags().Changed(flag) {
		return nil
	}
	return &value
}
