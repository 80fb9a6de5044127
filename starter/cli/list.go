package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

// listing is what a list shows, and in which order.
type listing struct {
	states, apps, labels    []string
	health, unhealthy, held bool
	sort                    string
	limit                   int
}

// listLimit is how many clusters are listed for people who do not say how many.
const listLimit = 200

func (a *app) list() *cobra.Command {
	var (
		l        listing
		watch    bool
		interval time.Duration
	)
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls", "clusters"},
		Short:   "List the clusters",
		Long: `List the clusters with the health of their nodes and their running operations: step, and HELD when a
failed step waits for drover resolve. No node is contacted for that: agents report their health. --health
asks the agents of all nodes over SSH instead, at most 20 s altogether.

Filters are combined; --state, --app and --label may be repeated.

With --watch the list is repeated every 5 s, or --interval, until Ctrl-C: in place on a terminal, else
whenever it has changed, with -o json as one line each time.`,
		Example: "  drover list\n  drover list --app etcd --state active --health\n  drover list --unhealthy -o json\n  drover list --held --sort age --limit 10",
		Args:    exactly(),
	}
	flags := c.Flags()
	flags.StringSliceVar(&l.states, "state", nil, "only clusters in this `state`; may be repeated")
	flags.StringSliceVar(&l.apps, "app", nil, "only clusters of this `application`; may be repeated")
	flags.StringSliceVar(&l.labels, "label", nil, "only clusters with this label, `key=value` or key; may be repeated, and all must match")
	flags.BoolVar(&l.health, "health", false, "ask the agents of all nodes for their health now, over SSH")
	flags.BoolVar(&l.unhealthy, "unhealthy", false, "only clusters with nodes that are unhealthy or silent, and failed clusters")
	flags.BoolVar(&l.held, "held", false, "only clusters whose operation is held")
	flags.StringVar(&l.sort, "sort", "cluster", "order: "+strings.Join(api.ListOrders, ", "))
	flags.IntVar(&l.limit, "limit", 0, fmt.Sprintf("number of clusters to list (default: %d, and all with -o json)", listLimit))
	flags.BoolVarP(&watch, "watch", "w", false, "repeat the list until interrupted")
	flags.DurationVar(&interval, "interval", watchEvery, "with --watch: time between two lists, at least 1s")
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(api.ListOrders, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = a.run(func(ctx context.Context, _ []string) (output.Output, error) {
		if err := l.check(c.Flags().Changed("limit")); err != nil {
			return output.Output{}, err
		}
		if interval < time.Second {
			return output.Output{}, fault.New(fault.Invalid, "--interval %s: must be at least 1s", interval)
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		if watch {
			return output.Output{}, a.repeat(ctx, interval, func(ctx context.Context) (output.Output, error) { return a.listed(ctx, server, l) })
		}
		return a.listed(ctx, server, l)
	})
	return c
}

func (l *listing) check(limited bool) error {
	var problems []string
	if !slices.Contains(api.ListOrders, l.sort) {
		problems = append(problems, fmt.Sprintf("--sort %q: use one of %s", l.sort, strings.Join(api.ListOrders, ", ")))
	}
	if limited && l.limit < 1 {
		problems = append(problems, fmt.Sprintf("--limit %d: must be positive", l.limit))
	}
	return invalid("the request is invalid", problems)
}

func (a *app) listed(ctx context.Context, server backend, l listing) (output.Output, error) {
	if l.limit == 0 && a.printer.Format != output.JSON {
		l.limit = listLimit
	}
	in := api.ListClustersInput{
		Health: l.health, States: l.states, Apps: l.apps, Labels: l.labels, Running: l.held, Sort: l.sort,
	}
	judged := l.unhealthy || l.held // what workers do not filter, as nodes and operations have to be asked
	if !judged {
		in.Limit = l.limit
	}
	list := api.ClusterList{Clusters: []api.ClusterView{}}
	err := client.EachPage(ctx, server, in, func(page *api.ClusterList) bool {
		server.Live(ctx, page.Clusters)
		for _, c := range page.Clusters {
			if (!l.unhealthy || unwell(c)) && (!l.held || c.Operation.State == api.OpHeld) {
				list.Clusters = append(list.Clusters, c)
			}
		}
		list.Matching, list.Total = page.Matching, page.Total
		return ctx.Err() == nil && (judged || l.limit == 0 || len(list.Clusters) < l.limit)
	})
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return output.Output{}, err
	}
	if judged {
		list.Matching = len(list.Clusters)
	}
	if l.limit > 0 {
		list.Clusters = list.Clusters[:min(len(list.Clusters), l.limit)]
	}
	var remarks output.Lines
	for _, c := range list.Clusters {
		if c.State == api.ClusterUnreadable {
			remarks = append(remarks, c.ClusterID+": "+c.Reason)
		}
	}
	if more := list.Matching - len(list.Clusters); more > 0 {
		remarks = append(remarks, fmt.Sprintf("%d more are not shown: use --limit, or filter with --app, --state and --label", more))
	}
	table := a.clusterTable(list.Clusters)
	if list.Total > 0 {
		table.Empty = fmt.Sprintf("None of %s matches.", count(list.Total, "cluster"))
	}
	return output.Output{Value: clusterList{listOf(list.Clusters), list.Matching, list.Total}, Blocks: withRemarks([]output.Block{table}, remarks)}, nil
}

// stateOf is the state of a cluster, and whether it is in maintenance or protected.
func stateOf(c api.ClusterView) string {
	words := []string{c.State}
	if c.Maintenance != "" {
		words = append(words, "maintenance")
	}
	if c.Protected {
		words = append(words, "protected")
	}
	return strings.Join(words, ", ")
}

// unwell reports a cluster that needs a look: nodes that should be well are not, or the cluster itself failed.
func unwell(c api.ClusterView) bool {
	switch c.State {
	case "failed", upgradeFailed, api.ClusterUnreadable:
		return true
	case "active":
		return c.Health == nil || c.Health.Unhealthy+c.Health.Silent+c.Health.Off > 0
	}
	return false
}

func (a *app) clusterTable(clusters []api.ClusterView) output.Table {
	t := output.Table{
		Header: []string{"cluster", "name", "app", "version", "state", "nodes", "health", "operation", "age", "provider", "labels"},
		Wide:   []string{"provider", "labels"},
		Drop:   []string{"version", "nodes", "age", "app"},
		Empty:  "No clusters. Create one with: drover create APP",
	}
	for _, c := range clusters {
		t.Rows = append(t.Rows, []string{c.ClusterID, c.Name, c.App, c.Version, stateOf(c), fmt.Sprint(c.NodeCount), healthWords(c.Health),
			a.operation(c.Operation), a.age(c.CreatedAt), c.Provider, strings.Join(labelWords(c.Labels), ",")})
	}
	return t
}

// operation words a running operation: "AddNodes AN4 init, order 0 for 2m 05s", "HELD AddNodes AN4 init, order 0 for 3h 10m".
func (a *app) operation(o api.OperationView) string {
	prefix := ""
	switch o.State {
	case api.OpHeld:
		prefix = "HELD "
	case api.OpUndoing:
		prefix = "undoing "
	case api.OpRunning:
	default:
		return ""
	}
	text := prefix + o.Type
	if o.Step != "" {
		text += " " + o.Step + " for " + a.age(o.Since)
	}
	return text
}

// healthWords are "2/3 healthy", and what is known of the others.
func healthWords(h *api.Health) string {
	if h == nil {
		return "unknown"
	}
	total := h.Healthy + h.Unhealthy + h.Unknown + h.Unchecked + h.Silent + h.Off
	switch total {
	case h.Off:
		return "off"
	case h.Unchecked:
		return "not checked"
	}
	words := []string{fmt.Sprintf("%d/%d healthy", h.Healthy, total)}
	for _, other := range []struct {
		n    int
		what string
	}{{h.Silent, "silent"}, {h.Off, "off"}, {h.Unchecked, "not checked"}, {h.Unknown, "unknown"}} {
		if other.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", other.n, other.what))
		}
	}
	return strings.Join(words, ", ")
}

// withRemarks adds lines below a table, if there are any.
func withRemarks(blocks []output.Block, lines output.Lines) []output.Block {
	if len(lines) == 0 {
		return blocks
	}
	return append(blocks, lines)
}

// age is the time since an RFC 3339 text; the text itself when it is none.
func (a *app) age(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	d := a.Now().Sub(t)
	if d >= 48*time.Hour {
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
	return screen.Elapsed(d)
}
