package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) create(plan bool) *cobra.Command {
	var (
		in     api.CreateClusterInput
		id     string
		values valueFlags
		labels []string
		l      = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "create APP",
		Short: "Create a cluster of a published application",
		Long: `Create a cluster: machines, metadata and agents, then the package's init and start.

When a step fails, all completed steps are undone; --on-failure keep keeps everything in place
for inspection, and --on-failure hold keeps the step waiting for drover resolve. Ctrl-C detaches
and never ends the operation.`,
		Example: `  drover create etcd --set etcd_node.count=3
  drover create etcd --name orders --label team=payments --protect
  drover create etcd --version 3.5 --values values.yaml --on-failure keep
  drover create etcd --dry-run`,
		Args:              exactly("APP"),
		ValidArgsFunction: a.completeApps,
	}
	flags := c.Flags()
	flags.StringVar(&in.Version, "version", "", "version of the application (default: the highest that is neither a prerelease nor yanked, else the last published)")
	flags.StringVar(&id, "id", "", "cluster id, cl- and 8 lower-case letters or digits (default: a random one)")
	flags.StringVar(&in.Name, "name", "", "unique name of the cluster, 1 to 63 characters (default: the package's cluster.name)")
	bindLabels(flags, &labels)
	flags.BoolVar(&in.Protected, "protect", false, "protect the cluster against deletion, see drover protect")
	flags.StringVar(&in.Keep, "keep", "", "keep the cluster in the recycle bin for this `duration` when it is deleted, see drover keep (default: the worker's)")
	flags.StringVar(&in.Provider, "provider", "", "provider of the machines (default: the worker's)")
	values.bind(flags)
	bindOnFailure(c, &in.OnFailure, api.OnFailureUndo, "undo, keep everything for inspection, or hold the failed step for drover resolve",
		api.OnFailureUndo, api.OnFailureKeep, api.OnFailureHold)
	flags.StringVar(&in.Zone, "zone", "", "zone for the machines")
	flags.StringVar(&in.UserID, "user-id", "", "owner; packages may derive passwords from it")
	l.bind(c, &in.Waits)
	_ = c.RegisterFlagCompletionFunc("version", a.completeVersions(offered))
	_ = c.RegisterFlagCompletionFunc("set", a.completeAppSettings)
	_ = c.RegisterFlagCompletionFunc("provider", a.completeProviders)

	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.App = args[0]
		l.apply(&in.Waits)
		if id == "" {
			id = a.NewClusterID()
		}
		var err error
		if in.Labels, err = labelsOf(labels); err != nil {
			return output.Output{}, err
		}
		if in.Values, err = values.read(a.Stdin); err != nil {
			return output.Output{}, err
		}
		out, err := a.start(ctx, &l, client.Request{
			Operation: api.CreateCluster,
			ClusterID: id,
			App:       in.App,
			Summary:   fmt.Sprintf("create %s %s", in.App, id),
			Input:     in,
		})
		if err == nil && l.dryRun && in.Version == "" {
			a.sayVersion(ctx, in.App)
		}
		return out, err
	})
	return c
}

// sayVersion names the version that a creation takes when the request names none. Without an answer the plan stays alone.
func (a *app) sayVersion(ctx context.Context, name string) {
	server, err := a.server(ctx)
	if err != nil {
		return
	}
	if app, err := server.App(ctx, name, ""); err == nil {
		a.printer.Say("Version %s of %s: %s.", app.Version, app.App, app.Why)
	}
}
