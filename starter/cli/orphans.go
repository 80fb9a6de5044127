package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// orphansValue is what `drover orphans -o json` prints.
type orphansValue struct {
	List[api.Orphan]
	// Total counts all; Items may be only the first of them.
	Total int `json:"total"`
	// Remains are the ids of clusters without a record of which something is left; Problems is what could not be looked at.
	Remains  []string `json:"remains,omitempty"`
	Problems []string `json:"problems,omitempty"`
	// Retried is how the tries went that --retry asked for.
	Retried *api.ReleasedOrphans `json:"retried,omitempty"`
}

func (a *app) orphans() *cobra.Command {
	var retry, collect, dryRun, yes bool
	c := &cobra.Command{
		Use:   "orphans [CLUSTER]",
		Short: "List orphans: resources that could not be released and are retried",
		Long: `List the orphan ledger: instances, volumes and networks that an operation could not release.
Workers retry the release until the provider reports them gone; --retry does so now. Clusters without
a record of which a provider or Consul has something are named too.

With --collect, all resources are released that providers list for CLUSTER but no record contains:
the remains of a dead operation, or of a cluster without a record.`,
		Example: "  drover orphans\n  drover orphans --retry\n  drover orphans cl-a1b2c3d4 --collect --dry-run",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 || collect {
				return exactly("CLUSTER")(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().BoolVar(&retry, "retry", false, "retry the release of all orphans in the ledger now")
	c.Flags().BoolVar(&collect, "collect", false, "release resources that providers list for CLUSTER but no record contains")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "with --collect: only list the resources to release")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "with --collect: do not ask for confirmation; required without a terminal")
	c.MarkFlagsMutuallyExclusive("retry", "collect")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		cluster := ""
		if len(args) > 0 {
			cluster = args[0]
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		if collect {
			return a.collectOrphans(ctx, server, cluster, dryRun, yes)
		}
		var value orphansValue
		if retry {
			if value.Retried, err = server.RetryOrphans(ctx); err != nil {
				return output.Output{}, err
			}
		}
		left, err := server.Orphans(ctx, cluster)
		if err != nil {
			return output.Output{}, err
		}
		value.List, value.Total, value.Remains, value.Problems = listOf(left.Orphans), left.Total, left.Remains, left.Problems
		out := output.Output{Value: value}
		if value.Retried != nil {
			out.Blocks = append(out.Blocks, output.Lines{fmt.Sprintf("%d released, %d left", value.Retried.Released, value.Retried.Left)})
		}
		out.Blocks = withRemarks(append(out.Blocks, a.orphanTable(left)), remains(left))
		return out, nil
	})
	return c
}

func (a *app) orphanTable(list *api.OrphanList) output.Table {
	t := output.Table{
		Header: []string{"cluster", "node", "provider", "kind", "id", "left by", "age", "attempts", "last attempt", "reason"},
		Empty:  "No orphans.",
	}
	for _, o := range list.Orphans {
		t.Rows = append(t.Rows, []string{
			o.ClusterID, o.NodeID, o.Provider, o.Kind, o.ID, o.Why, a.age(o.Since), fmt.Sprint(o.Attempts), a.age(o.LastTry), o.Reason,
		})
	}
	if more := list.Total - len(list.Orphans); more > 0 {
		t.Title = fmt.Sprintf("The first %d of %d:", len(list.Orphans), list.Total)
	}
	return t
}

// remains names what is left of clusters without a record, and what could not be looked at.
func remains(list *api.OrphanList) output.Lines {
	var lines output.Lines
	for _, id := range list.Remains {
		lines = append(lines, fmt.Sprintf("%s has no record, but something is left of it: drover doctor %s", id, id))
	}
	for _, problem := range list.Problems {
		lines = append(lines, "not examined: "+problem)
	}
	return lines
}

// collectOrphans looks first, asks, and then releases what it shows.
func (a *app) collectOrphans(ctx context.Context, server backend, cluster string, dryRun, yes bool) (output.Output, error) {
	found, err := server.CollectOrphans(ctx, api.CollectOrphansInput{ClusterID: cluster, DryRun: true})
	if err != nil {
		return output.Output{}, err
	}
	if dryRun || len(found.Found) == 0 {
		return collected(found), nil
	}
	if !yes {
		for _, what := range found.Found {
			a.printer.Say("%s", what)
		}
	}
	if err := a.confirm(ctx, false, yes, fmt.Sprintf("Release these %d resources with all data? No record contains them.", len(found.Found))); err != nil {
		return output.Output{}, err
	}
	done, err := server.CollectOrphans(ctx, api.CollectOrphansInput{ClusterID: cluster})
	if err != nil {
		return output.Output{}, err
	}
	out := collected(done)
	if len(done.Left) > 0 {
		return out, fault.New(fault.Internal, "%d resources could not be released and are in the orphan ledger", len(done.Left)).
			WithHint("follow the retries with: drover orphans")
	}
	return out, nil
}

func collected(c *api.CollectedOrphans) output.Output {
	lines := output.Lines{"Every resource that providers list is on a record."}
	if len(c.Found) > 0 {
		verb := "Released:"
		if c.DryRun {
			verb = "Not on a record:"
		}
		lines = append(output.Lines{verb}, c.Found...)
	}
	if len(c.Left) > 0 {
		lines = append(append(lines, "Not released, in the orphan ledger:"), c.Left...)
	}
	return output.Output{Value: c, Blocks: []output.Block{lines}}
}
