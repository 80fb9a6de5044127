package workflows_test

import (
	"context"
	"io/fs"
	"sync"
	"time"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
)

// machines lays agents and provider upon each other: an agent answers only while its machine runs and only after it was
// started there, a new machine has none, and what a start began ends with a stop, or with the machine's power.
type machines struct {
	*fakeprovider.Provider
	agents *fakes.Agents

	mu       sync.Mutex
	running  map[string]bool // by instance
	agent    map[string]bool // by instance
	services map[string]bool // by instance: its start was the last word
}

func newMachines(p *fakeprovider.Provider, a *fakes.Agents) *machines {
	return &machines{Provider: p, agents: a, running: map[string]bool{}, agent: map[string]bool{}, services: map[string]bool{}}
}

func (m *machines) set(id string, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running[id] = on
	if !on {
		m.services[id] = false
	}
}

// serves says whether the services of an instance run.
func (m *machines) serves(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running[id] && m.services[id]
}

func (m *machines) CreateInstance(ctx context.Context, s providers.InstanceSpec) (providers.Instance, error) {
	i, err := m.Provider.CreateInstance(ctx, s)
	if err == nil {
		m.set(s.ID, true)
	}
	return i, err
}

func (m *machines) StartInstance(ctx context.Context, id string) (providers.Instance, error) {
	i, err := m.Provider.StartInstance(ctx, id)
	if err == nil {
		m.set(id, true)
	}
	return i, err
}

func (m *machines) StopInstance(ctx context.Context, id string) error {
	m.set(id, false)
	return m.Provider.StopInstance(ctx, id)
}

func (m *machines) ReplaceImage(ctx context.Context, old string, s providers.InstanceSpec) (providers.Instance, error) {
	i, err := m.Provider.ReplaceImage(ctx, old, s)
	if err == nil {
		m.set(old, false)
		m.set(s.ID, true)
	}
	return i, err
}

func (m *machines) DeleteInstance(ctx context.Context, id string) error {
	m.set(id, false)
	return m.Provider.DeleteInstance(ctx, id)
}

// node is what operations reach of a machine.
type node struct{ *machines }

func (a node) answers(n lifecycle.Node, agent bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.running[n.InstanceID]:
		return fault.New(fault.Unreachable, "machine %s of node %s does not run", n.InstanceID, n.ID).At("", n.ID, "")
	case agent && !a.agent[n.InstanceID]:
		return fault.New(fault.Unreachable, "no agent was started on machine %s of node %s", n.InstanceID, n.ID).At("", n.ID, "")
	}
	return nil
}

func (a node) Ensure(ctx context.Context, n lifecycle.Node, cfg agentapi.Config) error {
	if err := a.answers(n, false); err != nil {
		return err
	}
	err := a.agents.Ensure(ctx, n, cfg)
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.agent[n.InstanceID] = true
	}
	return err
}

func (a node) Sync(ctx context.Context, n lifecycle.Node, revision int64, timeout time.Duration, silent func(context.Context) error) (agentapi.SyncResult, error) {
	if err := a.answers(n, true); err != nil {
		return agentapi.SyncResult{}, err
	}
	return a.agents.Sync(ctx, n, revision, timeout, silent)
}

func (a node) Run(ctx context.Context, n lifecycle.Node, id string, cmd agentapi.Command, watch agentapi.Watch) (agentapi.CommandStatus, error) {
	if err := a.answers(n, true); err != nil {
		return agentapi.CommandStatus{}, err
	}
	status, err := a.agents.Run(ctx, n, id, cmd, watch)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch (fakes.Execution{ID: id}).Service() {
	case lifecycle.ServiceStart, lifecycle.ServiceRestart, lifecycle.ServiceRestore:
		a.services[n.InstanceID] = err == nil && status.ExitCode == 0
	case lifecycle.ServiceStop:
		a.services[n.InstanceID] = false
	}
	return status, err
}

func (a node) Cancel(ctx context.Context, n lifecycle.Node, id string) (agentapi.CommandStatus, error) {
	if err := a.answers(n, true); err != nil {
		return agentapi.CommandStatus{}, err
	}
	return a.agents.Cancel(ctx, n, id)
}

func (a node) Status(ctx context.Context, n lifecycle.Node) (agentapi.Status, error) {
	if err := a.answers(n, true); err != nil {
		return agentapi.Status{}, err
	}
	return a.agents.Status(ctx, n)
}

func (a node) EndPassCommand(ctx context.Context, n lifecycle.Node) error {
	if err := a.answers(n, true); err != nil {
		return err
	}
	return a.agents.EndPassCommand(ctx, n)
}

func (a node) Put(ctx context.Context, n lifecycle.Node, path string, content []byte, mode fs.FileMode) error {
	if err := a.answers(n, false); err != nil {
		return err
	}
	return a.agents.Put(ctx, n, path, content, mode)
}

func (a node) List(ctx context.Context, n lifecycle.Node, match string, limit int) (agentapi.CommandList, error) {
	return a.agents.List(ctx, n, match, limit)
}

func (a node) Preview(ctx context.Context, n lifecycle.Node, r agentapi.PreviewRequest) (agentapi.PreviewResult, error) {
	return a.agents.Preview(ctx, n, r)
}

func (a node) Output(ctx context.Context, n lifecycle.Node, id string, from int64, limit int) (agentapi.CommandOutput, error) {
	return a.agents.Output(ctx, n, id, from, limit)
}
