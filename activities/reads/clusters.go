package reads

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ledger"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// askAgents is how long DescribeCluster and ExamineCluster wait for one agent.
const askAgents = 3 * time.Second

// DescribeCluster reads the control record, and asks every agent for its status if the input asks for it. Values, secrets
// and keys stay out. A cluster that does not exist is NotFound.
func (a *Activities) DescribeCluster(ctx context.Context, in api.DescribeClusterInput) (api.ClusterView, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	orphans, err := ledger.OfCluster(ctx, a.Ledger, rec.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	view := clusterView(rec, orphans)
	view.Endpoints = endpoints(rec)
	view.Refuses = refuses(rec)
	view.Nodes = []api.NodeView{}
	for _, n := range rec.Nodes {
		view.Nodes = append(view.Nodes, nodeView(n))
	}
	if in.Agents {
		for i, r := range a.ask(ctx, rec.Nodes) {
			view.Nodes[i].Health, view.Nodes[i].Agent = r.Value.Health, agentView(r)
		}
	}
	return view, nil
}

var errNoMachine = errors.New("no machine yet")

// ask gives the status of every node's agent, in the order of the nodes.
func (a *Activities) ask(ctx context.Context, nodes []lifecycle.Node) []fanout.Result[agentapi.Status] {
	return fanout.Run(ctx, nodes, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.Status, error) {
		if n.SSH.Addr == "" {
			return agentapi.Status{}, errNoMachine
		}
		ctx, stop := context.WithTimeout(ctx, askAgents)
		defer stop()
		return a.Agents.Status(ctx, n)
	})
}

// ListClusters reads all control records.
func (a *Activities) ListClusters(ctx context.Context, _ api.ListClustersInput) (api.ClusterList, error) {
	all, err := a.Records.Records(ctx)
	if err != nil {
		return api.ClusterList{}, err
	}
	entries, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return api.ClusterList{}, err
	}
	list := api.ClusterList{Clusters: []api.ClusterView{}}
	for _, rec := range all {
		list.Clusters = append(list.Clusters, clusterView(rec, ledger.Of(entries, rec.ClusterID)))
	}
	slices.SortFunc(list.Clusters, func(x, y api.ClusterView) int { return strings.Compare(x.ClusterID, y.ClusterID) })
	return list, nil
}

func clusterView(rec *lifecycle.Record, orphans []lifecycle.Orphan) api.ClusterView {
	target := ""
	if rec.Target != nil {
		target = rec.Target.VersionID
	}
	return api.ClusterView{
		Target: target, ClusterID: rec.ClusterID, Name: rec.Name, App: rec.AppID, Version: rec.VersionID, Provider: rec.Provider,
		State: string(rec.State), Reason: rec.Reason, Revision: rec.Revision, CreatedAt: rec.CreatedAt, NodeCount: len(rec.Nodes),
		Operation: api.OperationView{
			Type: rec.Operation.Type, State: rec.Operation.State, Seq: rec.Operation.Seq,
			RunID: rec.Operation.RunID, StartedAt: rec.Operation.StartedAt, Skipped: rec.Operation.Skipped,
		},
		Orphans: ledger.Words(orphans),
	}
}

func nodeView(n lifecycle.Node) api.NodeView {
	return api.NodeView{
		NodeID: n.ID, InstanceID: n.InstanceID, Role: n.Role, SID: n.SID, IP: n.IP, CPU: n.CPU, Memory: n.Memory, VolumeSize: n.VolumeSize,
	}
}

// agentView describes an agent's answer to people.
func agentView(r fanout.Result[agentapi.Status]) string {
	switch {
	case errors.Is(r.Err, errNoMachine):
		return r.Err.Error()
	case r.Err != nil:
		return "unreachable: " + bounds.Tail(r.Err.Error(), bounds.WarningLimit)
	case r.Value.Waiting != "":
		return fmt.Sprintf("revision %d, %s", r.Value.Revision, r.Value.Waiting)
	}
	return fmt.Sprintf("revision %d", r.Value.Revision)
}

// refuses are the operations that may not start from the cluster's state, as their beginning will find it.
func refuses(rec *lifecycle.Record) map[string]api.Refusal {
	state := rec.State
	if rec.Operation.State == api.OpRunning {
		state = lifecycle.AfterDeath(rec)
	}
	out := map[string]api.Refusal{}
	for _, p := range lifecycle.Catalogue {
		if r := lifecycle.May(p.Op, state); r != nil {
			out[p.Op] = api.Refusal(*r)
		}
	}
	return out
}

// endpoints are the cluster's resolved ports, by name.
func endpoints(rec *lifecycle.Record) []api.Endpoint {
	tree, err := metadata.Build(rec)
	if err != nil {
		return nil
	}
	var out []api.Endpoint
	for name, e := range rec.Spec.Endpoints {
		port := tree["self/cluster/endpoints/"+name+"/port"]
		out = append(out, api.Endpoint{Name: name, Port: port, Protocol: e.Protocol})
	}
	slices.SortFunc(out, func(x, y api.Endpoint) int { return strings.Compare(x.Name, y.Name) })
	return out
}
