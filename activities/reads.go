package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// askAgents is how long DescribeCluster waits for a node's agent to say how it is.
const askAgents = 3 * time.Second

// DescribeCluster reads the control record and asks every agent how it is. Values, secrets and keys stay out.
func (a *Records) DescribeCluster(ctx context.Context, in api.DescribeClusterInput) (api.ClusterView, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	orphans, err := a.ledgerOf(ctx, rec.ClusterID)
	if err != nil {
		return api.ClusterView{}, err
	}
	view := clusterView(rec, orphans)
	view.Endpoints = endpoints(rec)
	view.Nodes = []api.NodeView{}
	for _, r := range fanOut(ctx, rec.Nodes, 0, func(ctx context.Context, n lifecycle.Node, _ teller) (agentapi.Status, error) {
		if n.SSH.Addr == "" {
			return agentapi.Status{}, errNoMachine
		}
		ctx, stop := context.WithTimeout(ctx, askAgents)
		defer stop()
		return a.Agents.Status(ctx, n)
	}) {
		view.Nodes = append(view.Nodes, nodeView(r))
	}
	return view, nil
}

var errNoMachine = fmt.Errorf("no machine yet")

// ListClusters reads all control records.
func (a *Records) ListClusters(ctx context.Context) (api.ClusterList, error) {
	all, err := a.Records.Records(ctx)
	if err != nil {
		return api.ClusterList{}, err
	}
	ledger, err := a.Ledger.Orphans(ctx)
	if err != nil {
		return api.ClusterList{}, err
	}
	list := api.ClusterList{Clusters: []api.ClusterView{}}
	for _, rec := range all {
		list.Clusters = append(list.Clusters, clusterView(rec, ledger))
	}
	slices.SortFunc(list.Clusters, func(x, y api.ClusterView) int { return strings.Compare(x.ClusterID, y.ClusterID) })
	return list, nil
}

func clusterView(rec *lifecycle.Record, ledger []lifecycle.Orphan) api.ClusterView {
	view := api.ClusterView{
		ClusterID: rec.ClusterID, Name: rec.Name, App: rec.AppID, Version: rec.VersionID, Provider: rec.Provider,
		State: string(rec.State), Reason: rec.Reason, Revision: rec.Revision, CreatedAt: rec.CreatedAt, NodeCount: len(rec.Nodes),
		Operation: api.OperationView{
			Type: rec.Operation.Type, State: rec.Operation.State, Seq: rec.Operation.Seq,
			RunID: rec.Operation.RunID, StartedAt: rec.Operation.StartedAt, Skipped: rec.Operation.Skipped,
		},
	}
	var orphans []lifecycle.Orphan
	for _, o := range ledger {
		if o.ClusterID == rec.ClusterID {
			orphans = append(orphans, o)
		}
	}
	view.Orphans = worded(orphans)
	return view
}

func nodeView(r result[agentapi.Status]) api.NodeView {
	n := r.node
	view := api.NodeView{
		NodeID: n.ID, InstanceID: n.InstanceID, Role: n.Role, SID: n.SID, IP: n.IP,
		CPU: n.CPU, Memory: n.Memory, VolumeSize: n.VolumeSize, Health: r.value.Health,
	}
	switch {
	case errors.Is(r.err, errNoMachine):
		view.Agent = r.err.Error()
	case r.err != nil:
		view.Agent = "unreachable: " + tail(r.err.Error(), warningLimit)
	case r.value.Waiting != "":
		view.Agent = fmt.Sprintf("revision %d, %s", r.value.Revision, r.value.Waiting)
	default:
		view.Agent = fmt.Sprintf("revision %d", r.value.Revision)
	}
	return view
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
