package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/workflows/api"
)

// viewer shows sights of a running operation.
type viewer interface {
	Show(client.Sight)
	Close()
}

// blind shows nothing: for JSON and dry runs.
type blind struct{}

func (blind) Show(client.Sight) {}
func (blind) Close()            {}

// viewer is in place on a terminal, lines in a pipe, nothing for programs.
func (a *app) viewer() viewer {
	if a.printer.Format == output.JSON {
		return blind{}
	}
	if !a.inPlace() {
		return &screen.Log{Out: a.Stdout, Now: a.Now}
	}
	return &screen.Painter{Canvas: a.canvas(), Now: a.Now, Color: !a.env.set("NO_COLOR")}
}

func (a *app) canvas() screen.Canvas {
	return screen.Canvas{Out: a.Stdout, Size: func() (int, int) {
		width, height, _ := a.Terminal(a.Stdout)
		return width, height
	}}
}

// inPlace says whether standard output is a terminal on which lines can be painted over.
func (a *app) inPlace() bool {
	term, _ := a.env.LookupEnv("TERM")
	_, _, is := a.Terminal(a.Stdout)
	return is && term != "dumb"
}

// operate starts an operation and, unless told otherwise, follows it to its end.
func (a *app) operate(ctx context.Context, r client.Request, noWait, dryRun bool) (output.Output, error) {
	server, err := a.server(ctx)
	if err != nil {
		return output.Output{}, err
	}
	started, err := server.Start(ctx, r)
	if errors.Is(err, context.Canceled) {
		return output.Output{}, detached{clusterID: r.ClusterID, unsure: true}
	}
	if err != nil {
		return output.Output{}, err
	}
	if noWait {
		return output.Output{Value: started, Blocks: []output.Block{
			output.Fields{{"cluster", started.ClusterID}, {"operation", started.Operation}, {"run", started.RunID}, a.runField(started.ClusterID, started.RunID)},
			output.Lines{"Follow it with: drover watch " + started.ClusterID},
		}}, nil
	}
	view := a.viewer()
	if dryRun {
		view = blind{}
	}
	a.asked = !dryRun // a plan has a time limit of its own
	return a.follow(ctx, server, view, started.WorkflowID, started.RunID)
}

// follow waits for the end of a running operation.
func (a *app) follow(ctx context.Context, server backend, view viewer, workflowID, firstRunID string) (output.Output, error) {
	defer view.Close()
	op, err := a.sightsOf(ctx, server, view, workflowID, firstRunID)
	clusterID, operates := api.ClusterIDOf(workflowID)
	switch {
	case errors.Is(err, context.Canceled) && operates:
		return output.Output{}, detached{clusterID: clusterID}
	case err != nil:
		return output.Output{}, next(wayBack(ctx, server, err))
	}
	return result(op), nil
}

// wayBack names the downgrade where an upgrade has stopped half-way: one that was rolled back needs none.
func wayBack(ctx context.Context, server backend, err error) error {
	var failed *client.Failed
	if !errors.As(err, &failed) || failed.Operation != api.UpgradeCluster || !failed.Began {
		return err
	}
	if c, asked := server.Cluster(ctx, failed.ClusterID); asked != nil || c.State != upgradeFailed {
		return err
	}
	f := *failed.Fault
	f.Hint = strings.TrimPrefix(f.Hint+"; ", "; ") + "go back to the version before with: drover downgrade " + failed.ClusterID + "; nodes and steps: drover status " + failed.ClusterID
	failed.Fault = &f
	return err
}

// next adds what to do to a failure that does not say it.
func next(err error) error {
	var failed *client.Failed
	if !errors.As(err, &failed) || failed.Fault.Hint != "" || failed.ClusterID == "" || failed.State == client.StateRefused {
		return err
	}
	failed.Fault = hinted(failed.Fault, failed.ClusterID)
	return err
}

func hinted(f *fault.Fault, clusterID string) *fault.Fault {
	out := *f
	out.Hint = fmt.Sprintf("check the cluster and the completed steps with: drover status %s", clusterID)
	return &out
}

// result words what an operation returned.
func result(op *client.Operation) output.Output {
	r := op.Result
	out := output.Output{Value: r}
	if r.Plan != nil {
		out.Blocks = []output.Block{planLines(r)}
		return out
	}
	state := r.ClusterState
	if state == "" {
		state = "gone"
	}
	fields := output.Fields{{"cluster", r.ClusterID}, {"state", state}}
	if r.ClusterState != "" {
		fields = append(fields, output.Field{"nodes", fmt.Sprint(r.Nodes)},
			output.Field{"revision", fmt.Sprint(r.Revision)})
	}
	if r.ClusterState == api.ClusterDeleted {
		fields = append(fields, output.Field{"recycle bin", "bring it back with: drover recover " + r.ClusterID + "\nrelease it with: drover cease " + r.ClusterID})
	}
	fields = append(fields, output.Field{"added", strings.Join(addedLines(r), "\n")}, output.Field{"endpoints", strings.Join(reachedLines(r), "\n")})
	if r.Backup != "" {
		fields = append(fields, output.Field{"backup", r.Backup})
	}
	if len(r.Orphans) > 0 {
		fields = append(fields, output.Field{"orphans", strings.Join(r.Orphans, "\n")})
	}
	out.Blocks = []output.Block{fields}
	if lines := valueLines(r.Values); len(lines) > 0 {
		out.Blocks = append(out.Blocks, lines)
	}
	if len(r.Warnings) > 0 && op.Progress == nil { // else the view of the operation ended with them
		out.Blocks = append(out.Blocks, warningLines(r.Warnings))
	}
	return out
}

// addedLines are the nodes that an operation made: "etcd_node/4 cln-a1b2c3d4 10.0.0.4".
func addedLines(r *api.OperationResult) []string {
	var lines []string
	for _, n := range r.Added {
		lines = append(lines, n.Node+" "+n.NodeID+" "+n.IP)
	}
	if len(lines) == api.MaxReported {
		lines = append(lines, "all nodes: drover nodes "+r.ClusterID)
	}
	return lines
}

// reachedLines are the endpoints of a cluster: "client tcp 10.0.0.1:2379 10.0.0.2:2379".
func reachedLines(r *api.OperationResult) []string {
	var lines []string
	for _, e := range r.Endpoints {
		lines = append(lines, strings.Join(append([]string{e.Name, e.Protocol}, e.Addresses...), " "))
	}
	return lines
}

func warningLines(warnings []api.Warning) output.Lines {
	var lines output.Lines
	for _, w := range warnings {
		where := strings.TrimSpace(w.Step + " " + w.Node)
		if where != "" {
			where += ": "
		}
		lines = append(lines, "! "+where+w.Message)
	}
	return lines
}
