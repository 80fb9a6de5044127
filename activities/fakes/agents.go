package fakes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
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
	Seen metadata.Tree
}

// Step, Service of the id `<cluster>.<seq>.<step>.<service>.<node>`.
func (e Execution) Step() string    { return strings.Split(e.ID, ".")[2] }
func (e Execution) Service() string { return strings.Split(e.ID, ".")[3] }

// Agents are the agents of all nodes of all clusters. Every command runs once under its id.
type Agents struct {
	store *Store

	mu       sync.Mutex
	started  map[string]bool
	journal  map[string]*command
	ran      []Execution
	Handlers []Handler
	// Warn makes every Sync answer with these warnings.
	Warn []agentapi.Warning
	// Broken are node ids whose agent never answers.
	Broken map[string]bool
}

// Handler decides how a command ends; ok false leaves it to the next one. Without any, commands exit with 0.
type Handler func(ctx context.Context, e Execution) (status agentapi.CommandStatus, ok bool)

type command struct {
	done   chan struct{}
	cancel context.CancelFunc
	status agentapi.CommandStatus
}

// NewAgents makes the agents of nodes whose clusters the store knows.
func NewAgents(s *Store) *Agents {
	return &Agents{store: s, started: map[string]bool{}, journal: map[string]*command{}, Broken: map[string]bool{}}
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
	a.started[n.ID] = true
	return nil
}

// Sync answers once the revision is published.
func (a *Agents) Sync(_ context.Context, n lifecycle.Node, revision int64, _ time.Duration) (agentapi.SyncResult, error) {
	a.mu.Lock()
	started := a.started[n.ID]
	a.mu.Unlock()
	if a.Broken[n.ID] || !started {
		return agentapi.SyncResult{}, unreachable(n)
	}
	for _, p := range a.store.latest() {
		if p.Revision >= revision {
			return agentapi.SyncResult{Revision: p.Revision, Warnings: a.Warn}, nil
		}
	}
	return agentapi.SyncResult{}, fault.New(fault.BarrierTimeout, "revision %d is not published", revision)
}

func (s *Store) latest() []Published {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Published
	for _, p := range s.trees {
		out = append(out, p)
	}
	return out
}

// Run launches a command once and waits for its end; ctx ends the wait, not the command.
func (a *Agents) Run(ctx context.Context, n lifecycle.Node, id string, cmd agentapi.Command, _ func(agentapi.CommandStatus)) (agentapi.CommandStatus, error) {
	c, err := a.launch(n, id, cmd)
	if err != nil {
		return agentapi.CommandStatus{}, err
	}
	select {
	case <-c.done:
		return c.status, nil
	case <-ctx.Done():
		return agentapi.CommandStatus{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for %s", id)
	}
}

func (a *Agents) launch(n lifecycle.Node, id string, cmd agentapi.Command) (*command, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.journal[id]; ok {
		return c, nil
	}
	if !a.started[n.ID] || a.Broken[n.ID] {
		return nil, unreachable(n)
	}
	e := Execution{ID: id, Node: n, Cmd: cmd.Cmd}
	if p, ok := a.store.Tree(strings.Split(id, ".")[0]); ok {
		e.Seen = p.Tree
	}
	a.ran = append(a.ran, e)
	ctx, cancel := context.WithCancel(context.Background())
	c := &command{done: make(chan struct{}), cancel: cancel}
	a.journal[id] = c
	handlers := slices.Clone(a.Handlers)
	go func() {
		defer close(c.done)
		defer cancel()
		c.status = end(ctx, handlers, e)
		c.status.ID = id
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
func (a *Agents) Cancel(_ context.Context, _ lifecycle.Node, id string) (agentapi.CommandStatus, error) {
	a.mu.Lock()
	c, ok := a.journal[id]
	a.mu.Unlock()
	if !ok {
		return agentapi.CommandStatus{}, fault.New(fault.NotFound, "no command %s", id)
	}
	c.cancel()
	<-c.done
	return c.status, nil
}

// Status says how an agent is.
func (a *Agents) Status(_ context.Context, n lifecycle.Node) (agentapi.Status, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.started[n.ID] || a.Broken[n.ID] {
		return agentapi.Status{}, unreachable(n)
	}
	return agentapi.Status{NodeID: n.ID, InstanceID: n.InstanceID, ConsulOK: true, Health: "unknown"}, nil
}

func unreachable(n lifecycle.Node) error {
	return fault.New(fault.Unreachable, "node %s does not answer", n.ID).At("", n.ID, "")
}

// Describe writes an execution as "CC4 start etcd_node/1".
func (e Execution) Describe() string {
	return fmt.Sprintf("%s %s %s/%d", e.Step(), e.Service(), e.Node.Role, e.Node.SID)
}
