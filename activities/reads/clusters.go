package reads

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ledger"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/workflows/api"
)

// askAgents is how long DescribeCluster and ExamineCluster wait for one agent.
const askAgents = 3 * time.Second

// DescribeCluster reads the control record and what agents reported last; it asks every agent for its status if the input asks for
// it. Values, secrets and keys stay out. A cluster that does not exist is NotFound.
func (a *Activities) DescribeCluster(ctx context.Context, in api.DescribeClusterInput) (api.ClusterView, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	orphans, err := ledger.OfCluster(ctx, a.Ledger, rec.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	live, err := a.Lives.Live(ctx, rec.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	view := clusterView(rec, live, orphans)
	shown := metadata.ViewOf(rec).With(live)
	view.Nodes, view.Refuses = []api.NodeView{}, map[string]api.Refusal{}
	for _, e := range shown.Endpoints {
		view.Endpoints = append(view.Endpoints, api.Endpoint(e))
	}
	for op, r := range shown.Refuses {
		view.Refuses[op] = api.Refusal(r)
	}
	for _, n := range shown.Nodes {
		view.Nodes = append(view.Nodes, nodeView(n))
	}
	if in.SSH {
		for i, n := range rec.Nodes {
			view.Nodes[i].SSH = a.ssh(n)
		}
	}
	if in.Agents {
		seen := a.ask(ctx, rec)
		view.Health = health(seen)
		for i, r := range seen {
			n := &view.Nodes[i]
			if n.Health != r.Value.Health {
				n.Health, n.HealthSince, n.HealthReason = r.Value.Health, "", ""
			}
			n.Agent = agentView(r)
			if p := r.Value.Pass; p != nil && p.Command != nil {
				n.Waits = lifecycle.RedactCut(p.Command.String(), rec.Secrets(&r.Node))
			}
		}
	}
	return view, nil
}

var (
	errNoMachine = errors.New("no machine yet")
	errOff       = errors.New("off")
)

// ask gives the status of every node's agent, in the order of the nodes. Nodes whose machine is off are not waited for; one that
// does not respond is looked up at its provider.
func (a *Activities) ask(ctx context.Context, rec *lifecycle.Record) []fanout.Result[agentapi.Status] {
	var off map[string]bool
	results := a.statuses(ctx, rec.Nodes, rec.PoweredOff)
	for i, r := range results {
		if r.Err == nil || errors.Is(r.Err, errNoMachine) || errors.Is(r.Err, errOff) {
			continue
		}
		if off == nil {
			off = a.off(ctx, rec)
		}
		if off[r.Node.InstanceID] {
			results[i].Err = errOff
		}
	}
	return results
}

// off are the cluster's instances that are not running; none when the provider does not say.
func (a *Activities) off(ctx context.Context, rec *lifecycle.Record) map[string]bool {
	out := map[string]bool{}
	provider, ok := a.Providers[rec.Provider]
	if !ok {
		return out
	}
	resources, err := provider.List(ctx, rec.ClusterID)
	if err != nil {
		return out
	}
	for _, i := range resources.Instances {
		out[i.ID] = i.State != providers.Running
	}
	return out
}

// health counts what the agents said.
func health(seen []fanout.Result[agentapi.Status]) *api.Health {
	var h api.Health
	for _, r := range seen {
		switch {
		case errors.Is(r.Err, errOff), errors.Is(r.Err, errNoMachine):
			h.Off++
		case r.Err != nil:
			h.Silent++
		case r.Value.Health == "healthy":
			h.Healthy++
		case r.Value.Health == "unhealthy":
			h.Unhealthy++
		case r.Value.Health == "disabled":
			h.Unchecked++
		default:
			h.Unknown++
		}
	}
	return &h
}

func (a *Activities) statuses(ctx context.Context, nodes []lifecycle.Node, off bool) []fanout.Result[agentapi.Status] {
	return fanout.Run(ctx, nodes, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.Status, error) {
		if n.SSH.Addr == "" {
			return agentapi.Status{}, errNoMachine
		}
		if off {
			return agentapi.Status{}, errOff
		}
		ctx, stop := context.WithTimeout(ctx, askAgents)
		defer stop()
		return a.Agents.Status(ctx, n)
	})
}

// clusterView is what a record, and what is known at this moment, say of a cluster, without its nodes.
func clusterView(rec *lifecycle.Record, live metadata.Live, orphans []lifecycle.Orphan) api.ClusterView {
	target := ""
	if rec.Target != nil {
		target = rec.Target.VersionID
	}
	view := api.ClusterView{
		Target: target, ClusterID: rec.ClusterID, Name: rec.Name, App: rec.AppID, Version: rec.VersionID, Provider: rec.Provider,
		State: string(rec.State), Reason: rec.Reason, Revision: rec.Revision, CreatedAt: rec.CreatedAt, NodeCount: len(rec.Nodes),
		Labels: rec.Labels, Protected: rec.Protected, Keep: rec.Keep, Off: rec.PoweredOff, Maintenance: rec.Maintenance, Heal: rec.Heal,
		Operation: api.OperationView{
			Type: rec.Operation.Type, State: rec.Operation.State, Seq: rec.Operation.Seq,
			RunID: rec.Operation.RunID, StartedAt: rec.Operation.StartedAt, Skipped: rec.Operation.Skipped,
		},
		Orphans: ledger.Words(orphans),
	}
	if rec.Binned != nil {
		view.Binned = &api.Binned{Since: rec.Binned.Since, Until: rec.Binned.Until}
	}
	now := metadata.View{Operation: metadata.ViewOperation(view.Operation)}.With(live)
	view.Operation = api.OperationView(now.Operation)
	if now.Health != nil {
		h := api.Health(*now.Health)
		view.Health = &h
	}
	return view
}

func nodeView(n metadata.ViewNode) api.NodeView {
	return api.NodeView{
		NodeID: n.NodeID, InstanceID: n.InstanceID, Role: n.Role, SID: n.SID, IP: n.IP, CPU: n.CPU, Memory: n.Memory, VolumeSize: n.VolumeSize,
		NoAgent: n.NoAgent, Settles: n.Settles, Health: n.Health, HealthSince: n.HealthSince, HealthReason: n.HealthReason, Failing: n.Failing,
	}
}

// ssh is how workers log in to the node; nil before there is a machine.
func (a *Activities) ssh(n lifecycle.Node) *api.NodeSSH {
	to := n.SSH
	if to.Addr == "" {
		return nil
	}
	at := func(address, user, hostKey, keyFile string) api.SSHServer {
		return api.SSHServer{Address: address, User: user, HostKey: hostKey, KeyFile: cmp.Or(keyFile, a.Identity)}
	}
	out := &api.NodeSSH{SSHServer: at(to.Addr, to.User, to.HostKey, to.KeyFile)}
	if by := to.Jump; by != nil {
		jump := at(by.Addr, by.User, by.HostKey, by.KeyFile)
		out.Jump = &jump
	}
	return out
}

// agentView describes an agent's answer to people.
func agentView(r fanout.Result[agentapi.Status]) string {
	switch {
	case errors.Is(r.Err, errNoMachine), errors.Is(r.Err, errOff):
		return r.Err.Error()
	case r.Err != nil:
		return "unreachable: " + bounds.Tail(r.Err.Error(), bounds.WarningLimit)
	case r.Value.Waiting != "":
		return fmt.Sprintf("revision %d, %s", r.Value.Revision, r.Value.Waiting)
	}
	return fmt.Sprintf("revision %d", r.Value.Revision)
}
