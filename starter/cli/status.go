package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

// statusValue is what `drover status -o json` prints. Cluster is null when there is no record of it or no worker can read
// it; Operation is null when Temporal knows none.
type statusValue struct {
	Cluster   *api.ClusterView  `json:"cluster"`
	Operation *client.Operation `json:"operation"`
}

// statusWait is how long a worker may take to report a cluster. A worker that died stays listed for minutes, and what
// Temporal itself knows is worth seeing soon.
const statusWait = 5 * time.Second

func (a *app) status() *cobra.Command {
	c := &cobra.Command{
		Use:     "status CLUSTER",
		Aliases: []string{"describe", "show"},
		Short:   "Show a cluster and its running operation, or the result of the last one",
		Long: `Show a cluster's record, the health that its nodes reported, and its running operation: step, nodes,
start, deadline, output of the nodes; or the result of the last operation. No node is contacted. For a
deleted cluster the exit code is 3, and its last operation is still shown. When no worker responds within 5 s (or --timeout), the state known
to Temporal is shown, with exit code 4.`,
		Example:           "  drover status cl-a1b2c3d4\n  drover status cl-a1b2c3d4 -o json",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		if !c.Flags().Changed("timeout") {
			server.Limit(statusWait)
		}
		return a.statusOf(ctx, server, args[0])
	})
	return c
}

// statusOf asks for record and operation at once; a failure of one does not hide the other.
func (a *app) statusOf(ctx context.Context, server backend, id string) (output.Output, error) {
	var (
		value             statusValue
		clusterErr, opErr error
		both              errgroup.Group
	)
	both.Go(func() error {
		value.Cluster, clusterErr = server.Cluster(ctx, id)
		return nil
	})
	both.Go(func() error {
		value.Operation, opErr = server.Current(ctx, id)
		return nil
	})
	_ = both.Wait() // both keep their own error
	if ctx.Err() != nil {
		return output.Output{}, ctx.Err()
	}
	// A cluster older than Temporal's retention has no operation to show, which is not a failure.
	if fault.Is(opErr, fault.NotFound) && value.Cluster != nil {
		opErr = nil
	}
	err := clusterErr
	if err == nil {
		err = opErr
	}
	if value.Cluster == nil && value.Operation == nil {
		return output.Output{}, err
	}
	out := output.Output{Value: value}
	if value.Cluster != nil {
		out.Blocks = append(out.Blocks, a.clusterFields(value.Cluster, value.Operation))
	}
	if value.Operation != nil {
		out.Blocks = append(out.Blocks, a.operationLines(value.Operation, clusterErr))
	}
	// While a cluster is being created there is an operation and perhaps no record yet.
	if fault.Is(clusterErr, fault.NotFound) && value.Operation != nil && value.Operation.Running() {
		return out, nil
	}
	return out, err
}

func (a *app) clusterFields(c *api.ClusterView, op *client.Operation) output.Fields {
	state := stateOf(*c)
	if c.Reason != "" {
		state += ": " + c.Reason
	}
	var endpoints []string
	for _, e := range c.Endpoints {
		endpoints = append(endpoints, strings.TrimSpace(e.Name+" "+e.Protocol+" "+e.Port))
	}
	return output.Fields{
		{"cluster", c.ClusterID},
		{"name", c.Name},
		{"app", strings.TrimSpace(c.App + " " + c.Version)},
		{"state", state},
		{"upgrade", upgradeOf(c)},
		{"kept until", keptUntil(c)},
		{"nodes", fmt.Sprint(c.NodeCount)},
		{"health", a.healthOf(c)},
		{"heal", c.Heal},
		{"maintenance", maintenanceOf(c)},
		{"labels", strings.Join(labelWords(c.Labels), "\n")},
		{"held", a.held(op)},
		{"waits", strings.Join(waitingNodes(c.Nodes), "\n")},
		{"provider", c.Provider},
		{"revision", fmt.Sprint(c.Revision)},
		{"created", c.CreatedAt},
		{"endpoints", strings.Join(endpoints, "\n")},
		{"orphans", strings.Join(c.Orphans, "\n")},
	}
}

// upgradeOf says of an upgrade that is not finished what runs, and how to go back from one that failed.
func upgradeOf(c *api.ClusterView) string {
	switch {
	case c.Target == "":
		return ""
	case c.State == upgradeFailed:
		return fmt.Sprintf("to %s failed; the cluster is on %s until an upgrade has succeeded; go back with: drover downgrade %s", c.Target, c.Version, c.ClusterID)
	}
	return fmt.Sprintf("to %s, from %s", c.Target, c.Version)
}

// upgradeFailed is the state of a cluster whose upgrade has stopped half-way.
const upgradeFailed = "upgrade_failed"

// maintenanceOf says since when a cluster is in maintenance, and how it ends.
func maintenanceOf(c *api.ClusterView) string {
	if c.Maintenance == "" {
		return ""
	}
	return "since " + c.Maintenance + "; nothing is healed; end it with: drover maintenance off " + c.ClusterID
}

// healthOf words the health of a cluster, and why some nodes are not healthy.
func (a *app) healthOf(c *api.ClusterView) string {
	if c.Health == nil || c.NodeCount == 0 {
		return ""
	}
	lines := []string{healthWords(c.Health)}
	for _, n := range c.Nodes {
		if n.HealthReason != "" {
			lines = append(lines, fmt.Sprintf("%s %s for %s: %s", n.Label(), n.Health, a.age(n.HealthSince), n.HealthReason))
		}
		for _, f := range n.Failing {
			lines = append(lines, n.Label()+" fails: "+f)
		}
	}
	if more := len(lines) - 1 - shownReasons; more > 0 {
		lines = append(lines[:1+shownReasons], fmt.Sprintf("and %d more: drover nodes %s", more, c.ClusterID))
	}
	return strings.Join(lines, "\n")
}

// waitingNodes are the nodes whose agent waits for a check_cmd or reload_cmd, which a status names even while no operation runs.
func waitingNodes(nodes []api.NodeView) []string {
	var lines []string
	for _, n := range nodes {
		if n.Waits != "" {
			lines = append(lines, fmt.Sprintf("%s %s (%s): %s", n.Label(), n.NodeID, n.IP, n.Waits))
		}
	}
	return lines
}

// shownReasons bounds the nodes whose health status explains.
const shownReasons = 10

// held says which step waits for an operator, and since when; "" for none.
func (a *app) held(op *client.Operation) string {
	if op == nil || op.State != client.StateHeld || op.Waiting == nil {
		return ""
	}
	return fmt.Sprintf("HELD at %s %s since %s (%s); resolve it with: drover resolve %s", op.Waiting.Step, op.Waiting.Words,
		op.Waiting.Since.UTC().Format(time.RFC3339), screen.Elapsed(a.Now().Sub(op.Waiting.Since)), op.ClusterID)
}

// operationLines is the view a terminal gets while following, once; then why it failed.
func (a *app) operationLines(op *client.Operation, clusterErr error) output.Lines {
	sight := client.Sight{Operation: *op}
	if op.Progress == nil && typeOf(clusterErr) == fault.Unreachable {
		sight.Note = "no worker responds"
		if op.Running() {
			sight.Note += "; the operation resumes when a worker returns"
		}
	}
	width, _, is := a.Terminal(a.Stdout)
	if !is {
		width = 100
	}
	label := "Last operation:"
	if op.Running() {
		label = "Running operation:"
	}
	lines := append(output.Lines{label}, screen.Frame{Sight: sight, Now: a.Now(), Width: width}.Lines()...)
	if op.Running() {
		lines = append(lines, a.waits(op.ClusterID, op.Waiting)...)
		return append(lines, "", "running since "+op.StartedAt.UTC().Format(time.RFC3339)+"; follow it with: drover watch "+op.ClusterID)
	}
	if op.Error != nil {
		lines = append(lines, "", "It "+client.Ending(op.State)+": "+bare(op.Error))
		if op.Error.Output != "" {
			for line := range strings.SplitSeq(strings.TrimRight(op.Error.Output, "\n"), "\n") {
				lines = append(lines, "    | "+line)
			}
		}
		if op.Error.Hint != "" {
			lines = append(lines, "next: "+op.Error.Hint)
		}
	}
	return lines
}
