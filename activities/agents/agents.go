package agents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"strconv"
	"sync"

	"drover/activities/internal/control"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

// started collects, from many goroutines, the nodes whose agents were started, and with which settings.
type started struct {
	mu   sync.Mutex
	with map[string]agentapi.Config // by node id
}

// start makes the agent run with these settings. A machine that is found to be off is switched on first.
func (a *Activities) start(ctx context.Context, s *started, n lifecycle.Node, cfg agentapi.Config, boot func(context.Context) error) error {
	err := a.Agents.Ensure(ctx, n, cfg)
	if fault.Is(err, fault.Unreachable) && ctx.Err() == nil {
		if err := boot(ctx); err != nil {
			return err
		}
		err = a.Agents.Ensure(ctx, n, cfg)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.with[n.ID] = cfg
	return nil
}

// record writes down on which machines agents were started, and with which settings.
func (a *Activities) record(ctx context.Context, rec *lifecycle.Record, s *started) error {
	told := func(n *lifecycle.Node) bool {
		cfg, is := s.with[n.ID]
		if !is {
			return true
		}
		before := *n
		n.AgentOn, n.AgentHas, n.HasToken = cfg.InstanceID, settings(cfg), cfg.Token != ""
		return n.AgentOn == before.AgentOn && n.AgentHas == before.AgentHas && n.HasToken == before.HasToken
	}
	news := false
	for _, n := range rec.Nodes {
		news = !told(&n) || news
	}
	if !news {
		return nil
	}
	_, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, rec.ClusterID, func(rec *lifecycle.Record) error {
		for i := range rec.Nodes {
			told(&rec.Nodes[i])
		}
		return nil
	})
	return err
}

// settings identify the configuration of an agent without telling what is in it. They are the same on many nodes, since a
// record of a thousand nodes has to stay small.
func settings(cfg agentapi.Config) string {
	cfg.NodeID, cfg.InstanceID = "", "" // a node's own stay; a new machine has an agent started on it
	text, err := json.Marshal(cfg)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
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
	if n.IP != "" && a.MetricsPort != 0 {
		cfg.MetricsListen = net.JoinHostPort(n.IP, strconv.Itoa(a.MetricsPort))
	}
	role, ok := rec.On(n).Spec.Role(n.Role)
	if !ok {
		return cfg
	}
	if h := role.HealthCheck; h != nil && h.Enable && h.CheckCmd != "" {
		cfg.HealthCheck = h
	}
	if m := role.Monitor; m != nil && m.Enable && m.Cmd != "" {
		cfg.Monitor = &agentapi.Monitor{Enable: true, Cmd: m.Cmd, Items: m.Measures().Items}
	}
	return cfg
}
