package cli

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// doctorValue is what `drover doctor -o json` prints.
type doctorValue struct {
	List[api.Examination]
	Findings int `json:"findings"`
	// Problems are what could not be looked at, of unknown clusters; they count as findings.
	Problems []string `json:"problems,omitempty"`
}

func (a *app) doctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [CLUSTER]",
		Short: "Compare record, provider, metadata and agents, and report how to repair a mismatch",
		Long: `Compare the state of a cluster (default: of every cluster, and of those with remains): control
record, provider, metadata in Consul, agents on the nodes, and whether its operation is actually
running. Every mismatch comes with the command that repairs it. Nothing is changed.

Exit code 1 when there is a finding.`,
		Example: "  drover doctor\n  drover doctor cl-a1b2c3d4\n  drover doctor -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exactly("CLUSTER")(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			server, err := a.server(ctx)
			if err != nil {
				return output.Output{}, err
			}
			ids := args
			value := doctorValue{List: listOf[api.Examination](nil)}
			if len(ids) == 0 {
				if ids, value.Problems, err = knownClusters(ctx, server); err != nil {
					return output.Output{}, err
				}
				value.Findings = len(value.Problems)
			}
			found, err := a.examineAll(ctx, server, ids, len(args) == 0)
			if err != nil {
				return output.Output{}, err
			}
			for _, e := range found {
				value.Items = append(value.Items, *e)
				value.Findings += len(e.Findings)
			}
			out := output.Output{Value: value, Blocks: examined(value)}
			if value.Findings > 0 {
				return out, quiet{exitFailed}
			}
			return out, nil
		}),
	}
}

// examinedAtOnce is how many clusters are examined at the same time; doctorNews is the number between two notes on progress.
const (
	examinedAtOnce = 8
	doctorNews     = 500
)

// examineAll examines clusters, in this order. Those of a listing may have been deleted since.
func (a *app) examineAll(ctx context.Context, server backend, ids []string, listed bool) ([]*api.Examination, error) {
	found := make([]*api.Examination, len(ids))
	var done atomic.Int64
	examining, ctx := errgroup.WithContext(ctx)
	examining.SetLimit(examinedAtOnce)
	for i, id := range ids {
		examining.Go(func() error {
			e, err := server.Examine(ctx, id)
			if err != nil && !(listed && fault.Is(err, fault.NotFound)) {
				return err
			}
			found[i] = e
			if n := done.Add(1); n%doctorNews == 0 {
				a.printer.Say("%d of %d clusters examined", n, len(ids))
			}
			return nil
		})
	}
	err := examining.Wait()
	return slices.DeleteFunc(found, func(e *api.Examination) bool { return e == nil }), err
}

// knownClusters are those with a record, and those of which something is in the orphan ledger, in Consul or at a provider.
func knownClusters(ctx context.Context, server backend) (ids, problems []string, _ error) {
	if err := client.EachPage(ctx, server, api.ListClustersInput{}, func(page *api.ClusterList) bool {
		for _, c := range page.Clusters {
			ids = append(ids, c.ClusterID)
		}
		return true
	}); err != nil {
		return nil, nil, err
	}
	left, err := server.Orphans(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	problems = left.Problems
	for _, o := range left.Orphans {
		if o.Kind == api.OrphanUnreadable {
			problems = append(problems, fmt.Sprintf("%s: %s", o.ID, o.Reason))
			continue
		}
		ids = append(ids, o.ClusterID)
	}
	ids = append(ids, left.Remains...)
	slices.Sort(ids)
	return slices.Compact(ids), problems, nil
}

func examined(value doctorValue) []output.Block {
	var lines output.Lines
	for _, e := range value.Items {
		state := e.State
		if state == "" {
			state = "no record"
		}
		verdict := "no findings"
		if n := len(e.Findings); n > 0 {
			verdict = fmt.Sprintf("%d findings", n)
		}
		lines = append(lines, fmt.Sprintf("%s (%s, %d nodes): %s", e.ClusterID, state, e.Nodes, verdict))
		if e.Note != "" {
			lines = append(lines, "  note: "+e.Note)
		}
		for _, f := range e.Findings {
			where := f.Where
			if f.Node != "" {
				where += " " + f.Node
			}
			lines = append(lines, "  "+where+": "+f.What)
			if f.Repair != "" {
				lines = append(lines, "    repair: "+f.Repair)
			}
			if f.Advice != "" {
				lines = append(lines, "    advice: "+f.Advice)
			}
		}
	}
	for _, problem := range value.Problems {
		lines = append(lines, "not examined: "+problem)
	}
	if len(lines) == 0 {
		lines = output.Lines{"No clusters and no orphans."}
	}
	return []output.Block{lines}
}
