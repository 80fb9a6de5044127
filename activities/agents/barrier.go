package agents

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"drover/activities/internal/attempt"
	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// BarrierInput names nodes and the revision they must have applied.
type BarrierInput struct {
	ClusterID string   `json:"cluster_id"`
	Step      string   `json:"step"`
	Nodes     []string `json:"nodes"`
	Revision  int64    `json:"revision"`
	// TimeoutSec is how long one node may take.
	TimeoutSec   int  `json:"timeout_sec"`
	StrictConfig bool `json:"strict_config,omitempty"`
}

// BarrierResult carries what nodes warned about.
type BarrierResult struct {
	Warnings []api.Warning `json:"warnings,omitempty"`
}

// StartAgents makes the agent run on every named node and waits until each has applied the revision (CC3, AN4).
func (a *Activities) StartAgents(ctx context.Context, in BarrierInput) (BarrierResult, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err == nil {
		rec, err = a.Tokens.Grant(ctx, rec)
	}
	if err != nil {
		return BarrierResult{}, err
	}
	return a.barrier(ctx, rec, in, func(lifecycle.Node, agentapi.Config) bool { return true })
}

// Barrier waits until every named node has applied the revision (B2, B4). Agents whose settings are others by now, such as a
// health check that uses a changed value, are started with them first.
func (a *Activities) Barrier(ctx context.Context, in BarrierInput) (BarrierResult, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return BarrierResult{}, err
	}
	return a.barrier(ctx, rec, in, func(n lifecycle.Node, cfg agentapi.Config) bool { return n.AgentHas != settings(cfg) })
}

func (a *Activities) barrier(ctx context.Context, rec *lifecycle.Record, in BarrierInput, starts func(lifecycle.Node, agentapi.Config) bool) (BarrierResult, error) {
	whole := ctx
	ctx, stop := attempt.UntilStopping(ctx)
	defer stop()
	timeout := time.Duration(in.TimeoutSec) * time.Second
	power := a.machinesOf(rec)
	begun := &started{with: map[string]agentapi.Config{}}
	asking := make(chan struct{}, askedAtOnce)
	results := fanout.Run(ctx, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (agentapi.SyncResult, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		boot := power.boot(n, progress)
		if cfg := a.agentConfig(rec, n); starts(n, cfg) {
			progress.Line("starting the agent")
			if err := a.putKeys(ctx, n); err != nil {
				return agentapi.SyncResult{}, err
			}
			if err := a.start(ctx, begun, n, cfg, boot); err != nil {
				return agentapi.SyncResult{}, err
			}
		}
		progress.Line(fmt.Sprintf("applying revision %d", in.Revision))
		defer a.report(ctx, asking, n, rec.Secrets(&n), progress)()
		return a.Agents.Sync(ctx, n, in.Revision, timeout, boot)
	})
	if attempt.Canceled(whole) {
		a.endReloads(whole, rec, results)
	}
	recorded := a.record(context.WithoutCancel(ctx), rec, begun)
	var out BarrierResult
	var failed []error
	for _, r := range results {
		if r.Err != nil {
			failed = append(failed, a.barrierFault(ctx, rec, in, r.Node, r.Err))
			continue
		}
		out.add(in.Step, r.Node, r.Value.Warnings, rec.Secrets(&r.Node))
	}
	if err := fanout.FirstOf(failed); err != nil {
		return BarrierResult{}, err
	}
	if recorded != nil {
		return BarrierResult{}, recorded
	}
	if in.StrictConfig && len(out.Warnings) > 0 {
		w := out.Warnings[0]
		return BarrierResult{}, fault.New(fault.ConfigFailed, "%d configuration warnings and strict_config is set, the first on %s: %s",
			len(out.Warnings), w.Node, w.Message).At(rec.ClusterID, w.Node, "")
	}
	return out, nil
}

// barrierFault names the node that did not apply the revision. An interrupted wait is not a failure of the node.
func (a *Activities) barrierFault(ctx context.Context, rec *lifecycle.Record, in BarrierInput, n lifecycle.Node, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(context.Cause(ctx), fault.Unreachable, "waiting for node %s (%s) was interrupted", n.Label(), n.ID)
	}
	within := ""
	if f := fault.As(err); f == nil || f.Type == fault.Unreachable || f.Type == fault.BarrierTimeout {
		within = fmt.Sprintf(" within %d s", in.TimeoutSec) // others failed before their time was up
	}
	f := fault.Wrap(err, fault.BarrierTimeout, "node %s (%s) did not apply revision %d%s", n.Label(), n.ID, in.Revision, within)
	if f.Type == fault.Unreachable || f.Type == fault.Internal {
		f.Type, f.Retryable = fault.BarrierTimeout, false
	}
	if f.Type == fault.BarrierTimeout && f.Hint == "" {
		f.Hint = "what the node waits for is shown by: drover status " + rec.ClusterID + "; more time is given with --barrier-timeout"
	}
	secrets := rec.Secrets(&n)
	f.Message, f.Output = lifecycle.Redact(f.Message, secrets), lifecycle.RedactCut(f.Output, secrets)
	return f.At(rec.ClusterID, n.ID, "")
}

const (
	// reportEvery is how often a node that has not applied a revision is asked what it waits for; askedAtOnce bounds how many
	// are asked at the same time.
	reportEvery = 2 * time.Second
	askedAtOnce = 16
	// endReloadsWithin is how long the nodes of a cancelled barrier get to end their reload commands.
	endReloadsWithin = 15 * time.Second
)

// report shows what a node waits for until stop is called: the check_cmd or reload_cmd that runs, or its own words.
func (a *Activities) report(ctx context.Context, asking chan struct{}, n lifecycle.Node, secrets []string, progress fanout.Progress) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(reportEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			select {
			case <-ctx.Done():
				return
			case asking <- struct{}{}:
			}
			st, err := a.Agents.Status(ctx, n)
			<-asking
			if text := st.Waits(); err == nil && text != "" {
				progress.Line(lifecycle.RedactCut(text, secrets))
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

// endReloads ends what the nodes of a cancelled barrier wait for. A node that is not reached ends it by itself, at the
// command's time limit or when a newer revision has waited for it.
func (a *Activities) endReloads(ctx context.Context, rec *lifecycle.Record, results []fanout.Result[agentapi.SyncResult]) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), endReloadsWithin)
	defer stop()
	var waiting []lifecycle.Node
	for _, r := range results {
		if r.Err != nil {
			waiting = append(waiting, r.Node)
		}
	}
	for _, r := range fanout.Run(ctx, waiting, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (struct{}, error) {
		return struct{}{}, a.Agents.EndPassCommand(ctx, n)
	}) {
		if r.Err != nil {
			a.Logger.Info("a reload command was not ended", "cluster", rec.ClusterID, "node", r.Node.ID, "error", r.Err)
		}
	}
}

// maxWarnings is how many warnings of one barrier travel; the rest are counted.
const maxWarnings = 20

// add takes over a node's warnings, secrets removed: commands and templates print what they were given.
func (r *BarrierResult) add(step string, n lifecycle.Node, warnings []agentapi.Warning, secrets []string) {
	for _, w := range warnings {
		switch {
		case len(r.Warnings) < maxWarnings:
			text := fmt.Sprintf("%s: %s failed: %s", w.Resource, w.What, lifecycle.Redact(w.Message, secrets))
			if out := strings.TrimSpace(lifecycle.Redact(w.Output, secrets)); out != "" {
				text = bounds.Head(text, bounds.WarningLimit/2) + ": " + bounds.TailInJSON(out, bounds.WarningLimit/2, bounds.WarningLimit/2)
			}
			r.Warnings = append(r.Warnings, api.Warning{Step: step, Node: n.Label(), Message: bounds.Head(text, bounds.WarningLimit+2)})
		case len(r.Warnings) == maxWarnings:
			r.Warnings = append(r.Warnings, api.Warning{Step: step, Message: "more warnings: drover-agent status on the nodes shows them"})
		}
	}
}
