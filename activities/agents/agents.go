package agents

import (
	"context"
	"net"
	"slices"
	"sync"

	agentapi "drover/agent/api"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/lifecycle"
)

// hasToken records that the agents of nodes run with the cluster's token now.
func (a *Activities) hasToken(ctx context.Context, rec *lifecycle.Record, results []fanout.Result[agentapi.SyncResult]) error {
	if rec.ConsulToken == "" {
		return nil
	}
	var given []string
	for _, r := range results {
		if r.Err == nil && !r.Node.HasToken {
			given = append(given, r.Node.ID)
		}
	}
	if len(given) == 0 {
		return nil
	}
	_, err := control.Update(ctx, a.Records, rec.ClusterID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			rec.Nodes[i].HasToken = rec.Nodes[i].HasToken || slices.Contains(given, rec.Nodes[i].ID)
		}
		return nil
	})
	return err
}

// nodeSet collects nodes from many goroutines.
type nodeSet struct {
	mu    sync.Mutex
	nodes []lifecycle.Node
}

// hasAgent records on which machines agents were started.
func (a *Activities) hasAgent(ctx context.Context, clusterID string, started *nodeSet) error {
	on := map[string]string{}
	for _, n := range started.nodes {
		if n.AgentOn != n.InstanceID {
			on[n.ID] = n.InstanceID
		}
	}
	if len(on) == 0 {
		return nil
	}
	_, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, clusterID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			if instance := on[rec.Nodes[i].ID]; instance != "" {
				rec.Nodes[i].AgentOn = instance
			}
		}
		return nil
	})
	return err
}

// agentConfig is the configuration file of a node's agent.
func (a *Activities) agentConfig(rec *lifecycle.Record, n lifecycle.Node) agentapi.Config {
	cfg := agentapi.Config{
		ClusterID: rec.ClusterID, NodeID: n.ID, InstanceID: n.InstanceID, Role: n.Role,
		Consul: a.NodeConsul, Token: rec.ConsulToken, KVPrefix: a.KVPrefix, MetadataRootAccess: rec.On(n).Spec.MetadataRootAccess,
	}
	// Nodes that share one machine's loopback have an address of their own there; every other node answers itself.
	listen := "127.0.0.1"
	if ip := net.ParseIP(n.IP); ip != nil && ip.IsLoopback() {
		listen = n.IP
	}
	cfg.MetadataListen = []string{net.JoinHostPort(listen, "80")}
	role, ok := rec.On(n).Spec.Role(n.Role)
	if !ok {
		return cfg
	}
	if h := role.HealthCheck; h != nil && h.Enable && h.CheckCmd != "" {
		cfg.HealthCheck = h
	}
	if m := role.Monitor; m != nil && m.Enable && m.Cmd != "" {
		cfg.Monitor = &agentapi.Monitor{Enable: true, Cmd: m.Cmd}
	}
	return cfg
}
