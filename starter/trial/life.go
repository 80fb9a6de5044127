package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drover/client"
	"drover/fault"
	"drover/specs"
	"drover/workflows/api"
)

// appID is what the package is published as.
const appID = "test"

// Life is a cluster of a package that goes through all operations.
type Life struct {
	Package   *specs.Package
	Values    map[string]any
	ClusterID string
	By        string
	// Run are custom services to run.
	Run []string
	// Until is the last step before the deletion; "" is upgrade.
	Until string
	// Checks are the author's; their zero value has none.
	Checks Checks
	// HealthyWithin is how long nodes may take until their health check succeeds.
	HealthyWithin time.Duration
	// Begin is called with every step before it begins, Show with what can be seen of it, and Done when it has ended.
	Begin func(Step)
	Show  func(client.Sight)
	Done  func(Step)

	server   *client.Client
	spec     *specs.Cluster
	settings []api.Setting
	nodes    []string // ids, before the step
	added    []string // ids of those that the last addition made
}

// Report is how a life went.
type Report struct {
	Steps []Step
	Again []Again
	// Unwrapped are services that were not run twice: their command is not written as one text in cluster.json.mustache.
	Unwrapped []string
}

// Passed says whether nothing is wrong.
func (r *Report) Passed() bool {
	return len(r.Again) == 0 && !slices.ContainsFunc(r.Steps, func(s Step) bool { return s.State == Failed })
}

// Live publishes the package and goes through the steps. A step that fails is the last one. An error is of the servers, or of
// what was asked for, and says nothing of the package.
func (l *Life) Live(ctx context.Context, server *client.Client) (*Report, error) {
	l.server = server
	report := &Report{}
	if err := l.publish(ctx, report); err != nil {
		return nil, err
	}
	for _, p := range l.plans() {
		began := time.Now()
		l.Begin(p.Step)
		found, err := l.step(ctx, &p)
		if err != nil {
			return report, err
		}
		p.TookMS = time.Since(began).Milliseconds()
		l.Done(p.Step)
		report.Steps, report.Again = append(report.Steps, p.Step), append(report.Again, found...)
		if p.State == Failed {
			break
		}
	}
	return report, nil
}

// publish makes both versions available, with services that run twice.
func (l *Life) publish(ctx context.Context, report *Report) (err error) {
	if l.spec, _, err = l.Package.Render(ctx, l.Values); err != nil {
		return err
	}
	text, left := twice(quicker(l.Package.Template), l.spec)
	report.Unwrapped = left
	for version, from := range map[string]string{firstVersion: secondVersion, secondVersion: firstVersion} {
		p, err := l.Package.WithTemplate(upgradable(text, from))
		if err != nil {
			return err
		}
		archive, err := p.Archive()
		if err != nil {
			return err
		}
		if _, err := l.server.Publish(ctx, api.PublishAppInput{App: appID, Version: version, Archive: archive}); err != nil {
			return err
		}
	}
	detail, err := l.server.App(ctx, appID, firstVersion)
	if err != nil {
		return err
	}
	l.settings = detail.Settings
	return nil
}

// step makes one step: the operation, the health of the nodes, the author's checks. It says how that went in the step; the commands
// that failed when they ran again are found after an operation that failed, too.
func (l *Life) step(ctx context.Context, p *plan) (found []Again, _ error) {
	request, why := p.request(ctx)
	if request == nil {
		p.State, p.Why = Skipped, why
		return nil, nil
	}
	err := l.operate(ctx, *request)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var failed *client.Failed
	switch {
	case refused(err):
		p.State, p.Why = Skipped, "refused: "+message(err)
		return nil, nil
	case errors.As(err, &failed):
		p.State, p.Why = Failed, failed.Error()+outputOf(failed.Fault)
	case err != nil:
		return nil, err
	default:
		p.State = Passed
	}
	if logs, err := l.logs(ctx); err == nil { // a cluster that is gone has none
		found = failedAgain(p.Name, logs)
	}
	if p.State == Failed {
		return found, nil
	}
	return found, l.verify(ctx, p)
}

// operate runs one operation to its end.
func (l *Life) operate(ctx context.Context, r client.Request) error {
	if err := l.server.Preflight(ctx, r); err != nil {
		return err
	}
	started, err := l.server.Start(ctx, r)
	if err != nil {
		return err
	}
	_, err = l.server.Follow(ctx, started.WorkflowID, started.RunID, l.Show)
	return err
}

// refused reports an operation that Drover or the package does not allow and that changed nothing.
func refused(err error) bool {
	var failed *client.Failed
	if errors.As(err, &failed) {
		return failed.State == client.StateRefused
	}
	return fault.Is(err, fault.NotAllowed)
}

// logs are the commands of the last operation.
func (l *Life) logs(ctx context.Context) ([]api.CommandLog, error) {
	op, err := l.server.Latest(ctx, l.ClusterID)
	if err != nil || op.Number == 0 {
		return nil, err
	}
	in := api.ReadLogsInput{ClusterID: l.ClusterID, Operation: op.Number, From: map[string]int64{}, Tail: logTail}
	logs, err := l.server.Logs(ctx, in)
	if err != nil {
		return nil, err
	}
	return logs.Commands, nil
}

// logTail is how much of each command's output is searched.
const logTail = 16 << 10

// verify waits until all nodes are healthy and runs the author's checks.
func (l *Life) verify(ctx context.Context, p *plan) error {
	var cluster *api.ClusterView
	if p.Name != StepDelete {
		var err error
		if cluster, err = l.healthy(ctx); err != nil {
			return err
		}
		if why := unhealthy(cluster); why != "" {
			p.State, p.Why = Failed, fmt.Sprintf("the operation ended well, but after %s %s", l.HealthyWithin, why)
			return nil
		}
		l.note(cluster)
	}
	checks, err := l.Checks.run(ctx, p.Step, l.ClusterID, cluster)
	p.Checks = checks
	for _, c := range checks {
		if c.ExitCode != 0 {
			p.State, p.Why = Failed, fmt.Sprintf("%s ended with exit code %d", c.File, c.ExitCode)
		}
	}
	return err
}

// note keeps which nodes are new.
func (l *Life) note(c *api.ClusterView) {
	var now []string
	l.added = nil
	for _, n := range c.Nodes {
		now = append(now, n.NodeID)
		if len(l.nodes) > 0 && !slices.Contains(l.nodes, n.NodeID) {
			l.added = append(l.added, n.NodeID)
		}
	}
	l.nodes = now
}

// healthy waits until all nodes of a running cluster are healthy, for at most HealthyWithin, and for results of rare checks less.
func (l *Life) healthy(ctx context.Context) (*api.ClusterView, error) {
	began := time.Now()
	for {
		cluster, err := l.server.ClusterAndAgents(ctx, l.ClusterID)
		if err != nil {
			return nil, err
		}
		waits := unhealthy(cluster) != "" && time.Since(began) < l.HealthyWithin ||
			cluster.State == "active" && cluster.Health != nil && cluster.Health.Unknown > 0 && time.Since(began) < resultWithin
		if !waits {
			return cluster, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(healthEvery):
		}
	}
}

const (
	healthEvery = 500 * time.Millisecond
	// resultWithin is how long a first result of the health checks is waited for.
	resultWithin = 15 * time.Second
)

// unhealthy says what is wrong with the nodes of an active cluster, "" for nothing.
func unhealthy(c *api.ClusterView) string {
	if c.State != "active" || c.Health == nil {
		return ""
	}
	switch h := c.Health; {
	case h.Silent > 0:
		return fmt.Sprintf("%d nodes do not respond", h.Silent)
	case h.Unhealthy > 0:
		return fmt.Sprintf("the health check fails on %d nodes", h.Unhealthy)
	}
	return ""
}

func message(err error) string {
	if f := fault.As(err); f != nil {
		return f.Message
	}
	return err.Error()
}

func outputOf(f *fault.Fault) string {
	if f == nil || f.Output == "" {
		return ""
	}
	return "\n" + lastLines(f.Output, 20)
}
