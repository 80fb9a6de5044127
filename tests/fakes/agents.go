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
	"time"

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

type command struct {
	text    string
	run     string
	secrets []string
	done    chan struct{}
	cancel  context.CancelFunc
	status  agentapi.CommandStatus
}

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

// Sync answers once the revision is published to the node's cluster.
func (a *Agents) Sync(ctx context.Context, n lifecycle.Node, revision int64, timeout time.Duration,
	_ func(context.Context) error,
) (agentapi.SyncResult, error) {
	cluster, err := a.answering(n)
	if err != nil {
		return agentapi.SyncResult{}, err
	}
	expired := time.NewTimer(timeout)
	defer expired.Stop()
	a.syncing.Add(1)
	defer a.syncing.Add(-1)
	for {
		p, changed := a.store.now(cluster)
		if p.Revision >= revision {
			return agentapi.SyncResult{Revision: p.Revision, Warnings: a.Warn}, nil
		}
		select {
		case <-changed:
		case <-expired.C:
			return agentapi.SyncResult{}, fault.New(fault.BarrierTimeout, "revision %d is not published", revision).At("", n.ID, "")
		case <-ctx.Done():
			return agentapi.SyncResult{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for revision %d", revision)
		}
	}
}

// now is what is published, and a channel that is closed when something else is.
func (s *Store) now(cluster string) (Published, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trees[cluster], s.changed
}

// Run launches a command once and waits for its end; ctx ends the wait, not the command.
func (a *Agents) Run(ctx context.Context, n lifecycle.Node, id string, cmd agentapi.Command, w agentapi.Watch) (agentapi.CommandStatus, error) {
	if w.MayBegin != nil {
		if err := w.MayBegin(ctx); err != nil {
			return agentapi.CommandStatus{}, err
		}
	}
	c, err := a.launch(n, id, cmd)
	if err != nil {
		return agentapi.CommandStatus{}, err
	}
	a.mu.Lock()
	cut := a.cutOf(n.ID)
	a.mu.Unlock()
	select {
	case <-c.done:
		if w.Progress != nil {
			w.Progress(c.status)
		}
		return c.status, nil
	case <-cut:
		return agentapi.CommandStatus{}, unreachable(n)
	case <-ctx.Done():
		return agentapi.CommandStatus{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for %s", id)
	}
}

// usable is what the journal takes as an id.
var usable = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

func (a *Agents) launch(n lifecycle.Node, id string, cmd agentapi.Command) (*command, error) {
	cluster, err := a.answering(n)
	if err != nil {
		return nil, err
	}
	if !usable.MatchString(id) || cmd.TimeoutSec < 1 {
		return nil, fault.New(fault.Invalid, "command id %q with a time limit of %d s", id, cmd.TimeoutSec)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.journal[journalKey{n.ID, id}]; ok {
		if c.run != cmd.Run {
			return nil, fault.New(fault.Conflict, "command id %s was used by another run", id).At("", n.ID, "")
		}
		if c.text != cmd.Cmd {
			return nil, fault.New(fault.Conflict, "command id %s was used for another command text", id).At("", n.ID, "")
		}
		return c, nil
	}
	e := Execution{ID: id, Node: n, Cmd: cmd.Cmd, Env: cmd.Env}
	if p, ok := a.store.Tree(cluster); ok {
		e.Seen = p.Tree
	}
	a.ran = append(a.ran, e)
	ctx, cancel := context.WithCancel(context.Background())
	c := &command{text: cmd.Cmd, run: cmd.Run, secrets: cmd.Secrets, done: make(chan struct{}), cancel: cancel}
	a.journal[journalKey{n.ID, id}] = c
	handlers := slices.Clone(a.Handlers)
	go func() {
		defer close(c.done)
		defer cancel()
		c.status = end(ctx, handlers, e)
		c.status.ID = id
		if !cmd.Stdout {
			c.status.Stdout = ""
		}
	}()
	return c, nil
}

func end(ctx context.Context, handlers []Handler, e Execution) agentapi.CommandStatus {
	for _, h := range handlers {
		if status, ok := h(ctx, e); ok {
			if ctx.Err() != nil {
				return agentapi.CommandStatus{State: agentapi.StateExited, ExitCode: 143, Canceled: true}
			}
			return status
		}
	}
	return Exit(0, "")
}

// Cancel ends a command.
func (a *Agents) Cancel(ctx context.Context, n lifecycle.Node, id string) (agentapi.CommandStatus, error) {
	if _, err := a.answering(n); err != nil {
		return agentapi.CommandStatus{}, err
	}
	a.mu.Lock()
	c, ok := a.journal[journalKey{n.ID, id}]
	a.mu.Unlock()
	if !ok {
		return agentapi.CommandStatus{}, fault.New(fault.NotFound, "no command %s", id)
	}
	c.cancel()
	select {
	case <-c.done:
		return c.status, nil
	case <-ctx.Done():
		return agentapi.CommandStatus{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for %s", id)
	}
}

// Status says how an agent is.
func (a *Agents) Status(_ context.Context, n lifecycle.Node) (agentapi.Status, error) {
	a.mu.Lock()
	a.asked++
	a.mu.Unlock()
	cluster, err := a.answering(n)
	if err != nil {
		return agentapi.Status{}, err
	}
	p, _ := a.store.now(cluster)
	return agentapi.Status{
		ClusterID: cluster, NodeID: n.ID, InstanceID: n.InstanceID, Revision: max(p.Revision, a.Seen[n.ID]), ConsulOK: true, Health: "disabled",
		Running: a.Running(n.ID), Pass: a.Pass(n.ID),
	}, nil
}

// EndPassCommand ends what a node said of its pass.
func (a *Agents) EndPassCommand(_ context.Context, n lifecycle.Node) error {
	if _, err := a.answering(n); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.passes, n.ID)
	return nil
}

// SetPass makes a node say that it is in a pass; Pass is what it says.
func (a *Agents) SetPass(nodeID string, p *agentapi.Pass) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passes[nodeID] = p
}

// Syncing is how many nodes a revision is waited for on.
func (a *Agents) Syncing() int { return int(a.syncing.Load()) }

// Pass is what a node says of the pass that it is in.
func (a *Agents) Pass(nodeID string) *agentapi.Pass {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.passes[nodeID]
}

// Running are the ids of the commands that run on a node.
func (a *Agents) Running(nodeID string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for key, c := range a.journal {
		select {
		case <-c.done:
		default:
			if key.node == nodeID {
				ids = append(ids, key.id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// Asked counts the calls of Status.
func (a *Agents) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

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
