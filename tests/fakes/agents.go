package fakes

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
)

// Execution is one command that ran on a node, and what the node could see of its cluster then.
type Execution struct {
	ID   string // the command's id
	Node lifecycle.Node
	Cmd  string
	Env  []string
	Seen metadata.Tree
}

// Step, Service of the id `<cluster>.<seq>-<run>.<step>.<service>.<node>`.
func (e Execution) Step() string    { return strings.Split(e.ID, ".")[2] }
func (e Execution) Service() string { return strings.Split(e.ID, ".")[3] }

// Agents are the agents of all nodes of all clusters. Every command runs once under its id.
type Agents struct {
	store *Store

	mu       sync.Mutex
	clusters map[string]string          // of the nodes whose agent runs, their cluster
	settings map[string]agentapi.Config // and the settings they were given last
	starts   int
	journal  map[journalKey]*command
	ran      []Execution
	files    map[string]string
	asked    int // for their status
	Handlers []Handler
	// Warn makes every Sync answer with these warnings.
	Warn []agentapi.Warning
	// Broken are node ids whose agent never answers.
	Broken  map[string]bool
	cuts    map[string]chan struct{}  // by node: closed while its answers do not arrive, although its commands run
	passes  map[string]*agentapi.Pass // by node
	syncing atomic.Int32
	// Seen are revisions that nodes have applied, by node id, where the published one is older: Consul was restored.
	Seen map[string]int64
	// Old agents do not know the newest calls.
	Old bool
}

// Handler decides how a command ends; ok false leaves it to the next one. Without any, commands exit with 0.
type Handler func(ctx context.Context, e Execution) (status agentapi.CommandStatus, ok bool)

type journalKey struct{ node, id string }

// NewAgents makes the agents of nodes whose clusters the store knows.
func NewAgents(s *Store) *Agents {
	return &Agents{store: s, clusters: map[string]string{}, settings: map[string]agentapi.Config{}, journal: map[journalKey]*command{}, Broken: map[string]bool{}, cuts: map[string]chan struct{}{}, Seen: map[string]int64{}, passes: map[string]*agentapi.Pass{}, files: map[string]string{}}
}

// On adds a handler for a service.
func (a *Agents) On(service string, do func(ctx context.Context, e Execution) agentapi.CommandStatus) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Handlers = append(a.Handlers, func(ctx context.Context, e Execution) (agentapi.CommandStatus, bool) {
		if e.Service() != service {
			return agentapi.CommandStatus{}, false
		}
		return do(ctx, e), true
	})
}

// Exit is a handler result: the command ended with that code and output.
func Exit(code int, output string) agentapi.CommandStatus {
	return agentapi.CommandStatus{State: agentapi.StateExited, ExitCode: code, Output: output, Stdout: output}
}

// Ran are all commands in the order they began.
func (a *Agents) Ran() []Execution {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.ran)
}

// Ensure starts a node's agent.
func (a *Agents) Ensure(_ context.Context, n lifecycle.Node, cfg agentapi.Config) error {
	if a.Broken[n.ID] {
		return unreachable(n)
	}
	if cfg.NodeID != n.ID || cfg.InstanceID != n.InstanceID {
		return fault.New(fault.Internal, "configuration of node %s given to %s", cfg.NodeID, n.ID)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clusters[n.ID], a.settings[n.ID] = cfg.ClusterID, cfg
	a.starts++
	return nil
}

// Token is the Consul token in the settings of a node's agent.
func (a *Agents) Token(nodeID string) string { return a.Settings(nodeID).Token }

// Settings are those a node's agent was started with last.
func (a *Agents) Settings(nodeID string) agentapi.Config {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.settings[nodeID]
}

// Starts is how often agents were started.
func (a *Agents) Starts() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.starts
}

// Silence makes the agent of a node stop answering.
func (a *Agents) Silence(nodeID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Broken[nodeID] = true
}

// Cut keeps a node's answers from arriving, also those to commands that run there.
func (a *Agents) Cut(nodeID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.cutOf(nodeID))
}

// Mend ends a Cut.
func (a *Agents) Mend(nodeID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.cuts, nodeID)
}

func (a *Agents) cutOf(nodeID string) chan struct{} {
	if a.cuts[nodeID] == nil {
		a.cuts[nodeID] = make(chan struct{})
	}
	return a.cuts[nodeID]
}

func (a *Agents) isCut(nodeID string) bool {
	select {
	case <-a.cutOf(nodeID):
		return true
	default:
		return false
	}
}

// answering gives the cluster of a node whose agent runs.
func (a *Agents) answering(n lifecycle.Node) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cluster, started := a.clusters[n.ID]
	if !started || a.Broken[n.ID] || a.isCut(n.ID) {
		return "", unreachable(n)
	}
	return cluster, nil
}

// usable is what the journal takes as an id.
var usable = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

// Put keeps a file in memory.
func (a *Agents) Put(_ context.Context, n lifecycle.Node, path string, content []byte, _ fs.FileMode) error {
	if a.Broken[n.ID] {
		return unreachable(n)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files[n.ID+path] = string(content)
	return nil
}

// File is what was put on a node.
func (a *Agents) File(nodeID, path string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.files[nodeID+path]
}

func unreachable(n lifecycle.Node) error {
	return fault.New(fault.Unreachable, "node %s does not answer", n.ID).At("", n.ID, "")
}

// Describe writes an execution as "CC4 start etcd_node/1".
func (e Execution) Describe() string {
	return fmt.Sprintf("%s %s %s/%d", e.Step(), e.Service(), e.Node.Role, e.Node.SID)
}
