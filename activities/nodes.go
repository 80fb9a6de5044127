package activities

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// Nodes starts agents, waits for them to apply revisions, and runs the package's commands.
type Nodes struct{ Dependencies }

// BarrierInput names nodes and the revision they shall have applied.
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
func (a *Nodes) StartAgents(ctx context.Context, in BarrierInput) (BarrierResult, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err == nil {
		rec, err = a.grant(ctx, rec)
	}
	if err != nil {
		return BarrierResult{}, err
	}
	started := &nodeSet{}
	out, err := a.barrier(ctx, rec, in, func(ctx context.Context, n lifecycle.Node, tell teller) error {
		tell.says("starting the agent")
		if err := a.putKeys(ctx, n); err != nil {
			return err
		}
		if err := a.Agents.Ensure(ctx, n, a.agentConfig(rec, n)); err != nil {
			return err
		}
		started.add(n)
		return nil
	})
	if told := a.hasAgent(context.WithoutCancel(ctx), rec.ClusterID, started); err == nil {
		err = told
	}
	return out, err
}

// nodeSet collects nodes from many goroutines.
type nodeSet struct {
	mu    sync.Mutex
	nodes []lifecycle.Node
}

func (s *nodeSet) add(n lifecycle.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes = append(s.nodes, n)
}

// hasAgent records on which machines agents were started.
func (a *Nodes) hasAgent(ctx context.Context, clusterID string, started *nodeSet) error {
	on := map[string]string{}
	for _, n := range started.nodes {
		if n.AgentOn != n.InstanceID {
			on[n.ID] = n.InstanceID
		}
	}
	if len(on) == 0 {
		return nil
	}
	_, err := a.updateOurs(ctx, clusterID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			if instance := on[rec.Nodes[i].ID]; instance != "" {
				rec.Nodes[i].AgentOn = instance
			}
		}
		return nil
	})
	return err
}

// Barrier waits until every named node has applied the revision (B2, B4).
func (a *Nodes) Barrier(ctx context.Context, in BarrierInput) (BarrierResult, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return BarrierResult{}, err
	}
	return a.barrier(ctx, rec, in, func(ctx context.Context, n lifecycle.Node, _ teller) error {
		if rec.ConsulToken == "" || n.HasToken {
			return nil
		}
		return a.Agents.Ensure(ctx, n, a.agentConfig(rec, n)) // it was started before there were tokens
	})
}

func (a *Nodes) barrier(ctx context.Context, rec *lifecycle.Record, in BarrierInput, first func(context.Context, lifecycle.Node, teller) error) (BarrierResult, error) {
	ctx, stop := untilStopping(ctx)
	defer stop()
	timeout := time.Duration(in.TimeoutSec) * time.Second
	results := fanOut(ctx, nodesOf(rec, in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, tell teller) (agentapi.SyncResult, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		if err := first(ctx, n, tell); err != nil {
			return agentapi.SyncResult{}, err
		}
		tell.says(fmt.Sprintf("applying revision %d", in.Revision))
		return a.Agents.Sync(ctx, n, in.Revision, timeout)
	})
	if err := a.hasToken(ctx, rec, results); err != nil {
		return BarrierResult{}, err
	}
	var out BarrierResult
	var failed []error
	for _, r := range results {
		if r.err != nil {
			failed = append(failed, a.barrierFault(ctx, rec, in, r.node, r.err))
			continue
		}
		out.add(in.Step, r.node, r.value.Warnings, rec.Secrets(&r.node))
	}
	if err := firstOf(failed); err != nil {
		return BarrierResult{}, err
	}
	if in.StrictConfig && len(out.Warnings) > 0 {
		w := out.Warnings[0]
		return BarrierResult{}, fault.New(fault.ConfigFailed, "%d configuration warnings and strict_config is set, the first on %s: %s",
			len(out.Warnings), w.Node, w.Message).At(rec.ClusterID, w.Node, "")
	}
	return out, nil
}

// barrierFault says which node did not come along; an operation that is cancelled or moved is not the node's fault.
func (a *Nodes) barrierFault(ctx context.Context, rec *lifecycle.Record, in BarrierInput, n lifecycle.Node, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(context.Cause(ctx), fault.Unreachable, "waiting for node %s (%s) was interrupted", label(n), n.ID)
	}
	f := fault.Wrap(err, fault.BarrierTimeout, "node %s (%s) did not apply revision %d within %d s", label(n), n.ID, in.Revision, in.TimeoutSec)
	if f.Type == fault.Unreachable || f.Type == fault.Internal {
		f.Type, f.Retryable = fault.BarrierTimeout, false
	}
	secrets := rec.Secrets(&n)
	f.Message, f.Output = lifecycle.Redact(f.Message, secrets), lifecycle.RedactCut(f.Output, secrets)
	return f.At(rec.ClusterID, n.ID, "")
}

// maxWarnings is how many warnings of one barrier travel; the rest are counted.
const maxWarnings = 20

// warningLimit bounds one warning's text, in JSON: half of it for what failed, half for the end of the output.
const warningLimit = 400

// add takes over a node's warnings, secrets removed: commands and templates print what they were given.
func (r *BarrierResult) add(step string, n lifecycle.Node, warnings []agentapi.Warning, secrets []string) {
	for _, w := range warnings {
		switch {
		case len(r.Warnings) < maxWarnings:
			text := fmt.Sprintf("%s: %s failed: %s", w.Resource, w.What, lifecycle.Redact(w.Message, secrets))
			if out := strings.TrimSpace(lifecycle.Redact(w.Output, secrets)); out != "" {
				text = head(text, warningLimit/2) + ": " + tailInJSON(out, warningLimit/2, warningLimit/2)
			}
			r.Warnings = append(r.Warnings, api.Warning{Step: step, Node: label(n), Message: head(text, warningLimit+2)})
		case len(r.Warnings) == maxWarnings:
			r.Warnings = append(r.Warnings, api.Warning{Step: step, Message: "more warnings: drover-agent status on the nodes shows them"})
		}
	}
}

// agentConfig is the configuration file of a node's agent.
func (a *Nodes) agentConfig(rec *lifecycle.Record, n lifecycle.Node) agentapi.Config {
	cfg := agentapi.Config{
		ClusterID: rec.ClusterID, NodeID: n.ID, InstanceID: n.InstanceID, Role: n.Role,
		Consul: a.NodeConsul, Token: rec.ConsulToken, KVPrefix: a.KVPrefix, MetadataRootAccess: rec.Spec.MetadataRootAccess,
	}
	// Nodes that share one machine's loopback have an address of their own there; every other node answers itself.
	listen := "127.0.0.1"
	if ip := net.ParseIP(n.IP); ip != nil && ip.IsLoopback() {
		listen = n.IP
	}
	cfg.MetadataListen = []string{net.JoinHostPort(listen, "80")}
	role, ok := rec.Spec.Role(n.Role)
	if !ok {
		return cfg
	}
	if h := role.HealthCheck; h != nil && h.Enable && h.CheckCmd != "" {
		cfg.HealthCheck = &agentapi.HealthCheck{
			Enable: true, IntervalSec: h.IntervalSec, TimeoutSec: h.TimeoutSec, ActionTimeoutSec: h.ActionTimeoutSec,
			HealthyThreshold: h.HealthyThreshold, UnhealthyThreshold: h.UnhealthyThreshold,
			CheckCmd: h.CheckCmd, ActionCmd: h.ActionCmd,
		}
	}
	if m := role.Monitor; m != nil && m.Enable && m.Cmd != "" {
		cfg.Monitor = &agentapi.Monitor{Enable: true, Cmd: m.Cmd}
	}
	return cfg
}
