package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/operations"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) create() *cobra.Command {
	c := a.createCommand(false)
	c.Short = "Create a cluster of a published application"
	c.Long = `Create a cluster: machines, metadata, agents, then the package's init and start.

When a step fails, everything is undone and nothing is left; --on-failure keep leaves all in
place for inspection. Ctrl-C stops looking, never the operation.`
	c.Example = `  drover create etcd --set etcd_node.count=3
  drover create etcd --version 3.5.0 --values values.yaml --on-failure keep
  drover create etcd --dry-run`
	return c
}

// createCommand is create, and plan create: the same request as a dry run.
func (a *app) createCommand(planOnly bool) *cobra.Command {
	var (
		in             api.CreateClusterInput
		id             string
		noWait         bool
		values         valueFlags
		barrierTimeout time.Duration
	)
	c := &cobra.Command{
		Use:               "create APP",
		Args:              exactly("APP"),
		ValidArgsFunction: a.completeApps,
	}
	flags := c.Flags()
	flags.StringVar(&in.Version, "version", "", "version of the application (default: the newest published)")
	flags.StringVar(&id, "id", "", "cluster id, cl- and 8 lower-case letters or digits (default: a random one)")
	flags.StringVar(&in.Name, "name", "", "name of the cluster (default: the package's cluster.name)")
	flags.StringVar(&in.Provider, "provider", "", "where machines come from (default: the worker's)")
	values.bind(flags)
	flags.StringVar(&in.OnFailure, "on-failure", "undo", "undo, or keep everything for inspection")
	flags.BoolVar(&in.StrictConfig, "strict-config", false, "fail when a template or its reload command fails, instead of warning")
	flags.DurationVar(&barrierTimeout, "barrier-timeout", 0, "how long a node may take to apply a revision (default 5m)")
	flags.StringVar(&in.Zone, "zone", "", "zone for the machines")
	flags.StringVar(&in.UserID, "user-id", "", "owner; packages may derive passwords from it")
	if !planOnly {
		flags.BoolVar(&in.DryRun, "dry-run", false, "show what would be done and touch nothing")
		flags.BoolVar(&noWait, "no-wait", false, "return once the operation is started")
		c.MarkFlagsMutuallyExclusive("dry-run", "no-wait")
	}
	_ = c.RegisterFlagCompletionFunc("on-failure", cobra.FixedCompletions([]string{"undo", "keep"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("version", a.completeVersions)

	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		in.App = args[0]
		in.DryRun = in.DryRun || planOnly
		if barrierTimeout != 0 {
			in.BarrierTimeout = barrierTimeout.String()
		}
		if id == "" {
			id = a.NewClusterID()
		}
		var err error
		if in.Values, err = values.read(a.Stdin); err != nil {
			return output.Output{}, err
		}
		if err := checkCreate(in, id, barrierTimeout); err != nil {
			return output.Output{}, err
		}
		return a.operate(ctx, operations.Request{
			Operation: api.CreateCluster,
			ClusterID: id,
			App:       in.App,
			Summary:   fmt.Sprintf("create %s %s", in.App, id),
			Input:     in,
		}, noWait, in.DryRun)
	})
	return c
}

// checkCreate finds what is wrong before anybody is asked; values are the worker's to check, it has the package.
func checkCreate(in api.CreateClusterInput, id string, barrierTimeout time.Duration) error {
	var problems []string
	if !api.ValidClusterID(id) {
		problems = append(problems, idProblem(id))
	}
	if in.OnFailure != "undo" && in.OnFailure != "keep" {
		problems = append(problems, fmt.Sprintf("--on-failure %q: it is undo or keep", in.OnFailure))
	}
	if barrierTimeout < 0 {
		problems = append(problems, fmt.Sprintf("--barrier-timeout %s: it must be positive", barrierTimeout))
	}
	return invalid("the request cannot be used", problems)
}

func idProblem(id string) string {
	return fmt.Sprintf("%q is no cluster id: it is cl- and 8 lower-case letters or digits, like cl-a1b2c3d4", id)
}

// invalid is nil without problems.
func invalid(what string, problems []string) error {
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return fault.New(fault.Invalid, "%s", problems[0])
	}
	f := fault.New(fault.Invalid, "%s: %d problems", what, len(problems))
	f.Problems = problems
	return f
}
