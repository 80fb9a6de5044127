package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

func (a *app) bin() *cobra.Command {
	return &cobra.Command{
		Use:   "bin",
		Short: "List the deleted clusters that can be recovered",
		Long: `List the clusters in the recycle bin: deleted with a time to keep them, their machines off and their
data kept. drover recover brings one back; drover cease releases one before its time is up.`,
		Example: "  drover bin\n  drover recover orders\n  drover cease cl-a1b2c3d4",
		Args:    exactly(),
		RunE: a.run(func(ctx context.Context, _ []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			binned, total := []api.ClusterView{}, 0
			in := api.ListClustersInput{States: []string{api.ClusterDeleted, "deleting"}}
			if err := client.EachPage(ctx, server, in, func(page *api.ClusterList) bool {
				for _, c := range page.Clusters {
					if c.Binned != nil {
						binned = append(binned, c)
					}
				}
				total = page.Total
				return ctx.Err() == nil
			}); err != nil {
				return output.Output{}, err
			}
			slices.SortStableFunc(binned, func(x, y api.ClusterView) int { return strings.Compare(x.Binned.Until, y.Binned.Until) })
			return output.Output{Value: clusterList{listOf(binned), len(binned), total}, Blocks: []output.Block{a.binTable(binned)}}, nil
		}),
	}
}

func (a *app) binTable(clusters []api.ClusterView) output.Table {
	t := output.Table{
		Header: []string{"cluster", "name", "app", "version", "nodes", "deleted", "released in", "provider"},
		Wide:   []string{"provider"},
		Drop:   []string{"version", "nodes", "app"},
		Empty:  "The recycle bin is empty.",
	}
	for _, c := range clusters {
		t.Rows = append(t.Rows, []string{
			c.ClusterID, c.Name, c.App, c.Version, fmt.Sprint(c.NodeCount), a.age(c.Binned.Since) + " ago", a.releasedIn(c), c.Provider,
		})
	}
	return t
}

// releasedIn words how long a cluster has left in the recycle bin.
func (a *app) releasedIn(c api.ClusterView) string {
	until, err := time.Parse(time.RFC3339, c.Binned.Until)
	switch left := until.Sub(a.Now()); {
	case c.State != api.ClusterDeleted:
		return "now, " + c.State
	case c.Protected:
		return "never, protected"
	case err != nil:
		return c.Binned.Until
	case left <= 0:
		return "now"
	default:
		return screen.Elapsed(left)
	}
}

// keptUntil says until when a cluster is in the recycle bin; "" when it is not there.
func keptUntil(c *api.ClusterView) string {
	if c.Binned == nil {
		return ""
	}
	return c.Binned.Until + "; bring it back with: drover recover " + c.ClusterID
}

func (a *app) recoverCluster(plan bool) *cobra.Command {
	var (
		in api.RecoverClusterInput
		l  = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "recover CLUSTER",
		Short: "Bring a deleted cluster back from the recycle bin",
		Long: `Bring a deleted cluster back from the recycle bin: power on the machines that were kept, or make
others on their volumes, and run the package's start. Ids, addresses, name and data are as before.`,
		Example:           "  drover recover cl-a1b2c3d4",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	l.holds(c, &in.Holds)
	l.bind(c, &in.Waits)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		l.apply(&in.Waits)
		return a.start(ctx, &l, client.Request{Operation: api.RecoverCluster, ClusterID: args[0], Summary: "recover " + args[0], Input: in})
	})
	return c
}

func (a *app) cease(plan bool) *cobra.Command {
	var (
		in  api.CeaseClusterInput
		yes bool
		l   = launch{plan: plan}
	)
	c := &cobra.Command{
		Use:   "cease CLUSTER",
		Short: "Release a deleted cluster before its time in the recycle bin is up",
		Long: `Release a deleted cluster: machines, volumes, metadata and record go. It cannot be recovered after
that. Drover asks for confirmation, unless --yes is given; without a terminal --yes is required.`,
		Example:           "  drover cease cl-a1b2c3d4\n  drover cease cl-a1b2c3d4 --yes",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	l.holds(c, &in.Holds)
	l.bind(c, nil)
	l.bindYes(c, &yes)
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		in.DryRun = l.dryRun
		if err := a.confirm(ctx, l.dryRun, yes, "Release cluster "+args[0]+" with all its machines and data, for good?"); err != nil {
			return output.Output{}, err
		}
		return a.start(ctx, &l, client.Request{Operation: api.CeaseCluster, ClusterID: args[0], Summary: "cease " + args[0], Input: in})
	})
	return c
}
