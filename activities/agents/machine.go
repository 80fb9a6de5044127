package agents

import (
	"context"
	"sync"
	"time"

	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
)

// listFor is how long a list of machines is good enough to say which of them are off.
const listFor = 5 * time.Second

// machines answers for nodes that are silent what their provider knows. One serves all nodes of one activity.
type machines struct {
	*Activities
	rec *lifecycle.Record

	mu     sync.Mutex
	listed time.Time
	states map[string]providers.InstanceState // by instance
}

func (a *Activities) machinesOf(rec *lifecycle.Record) *machines {
	return &machines{Activities: a, rec: rec}
}

// state is the power state of a node's machine; "" when its provider has none.
func (m *machines) state(ctx context.Context, n lifecycle.Node) (providers.InstanceState, error) {
	p, err := m.Providers.Find(m.rec.Provider)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.listed) > listFor {
		all, err := p.List(ctx, m.rec.ClusterID)
		if err != nil {
			return "", err
		}
		m.states, m.listed = map[string]providers.InstanceState{}, time.Now()
		for _, i := range all.Instances {
			m.states[i.ID] = i.State
		}
	}
	return m.states[n.InstanceID], nil
}

// runsNothing reports whether a node that cannot be asked surely runs no command: its machine is off, or gone.
func (m *machines) runsNothing(ctx context.Context, n lifecycle.Node) bool {
	state, err := m.state(ctx, n)
	return err == nil && state != providers.Running
}

// boot is what is done about a node that is silent while an operation needs it: a machine that is off is switched on,
// such as after a restart of the machine it runs on. A provider that does not answer says nothing about the node.
func (m *machines) boot(n lifecycle.Node, progress fanout.Progress) func(context.Context) error {
	return func(ctx context.Context) error {
		if state, err := m.state(ctx, n); err != nil || state != providers.Off {
			return nil
		}
		if err := m.Attempt.StillCurrent(ctx, progress); fault.Is(err, fault.Conflict) {
			return err
		} else if err != nil {
			return nil
		}
		p, err := m.Providers.Find(m.rec.Provider)
		if err != nil {
			return err
		}
		progress.Line("its machine is off: switching it on")
		m.Logger.Warn("the machine of a node is off in the middle of an operation: switching it on", "cluster", m.rec.ClusterID, "node", n.ID)
		now, err := p.StartInstance(ctx, n.InstanceID)
		if err != nil {
			m.Logger.Warn("the machine could not be switched on", "cluster", m.rec.ClusterID, "node", n.ID, "error", err)
			return nil // retried while the node is waited for
		}
		if now.SSH == n.SSH {
			return nil
		}
		if _, err := control.UpdateCurrent(ctx, m.Records, m.Attempt, m.rec.ClusterID, func(rec *lifecycle.Record) error {
			if at, ok := rec.Node(n.ID); ok && at.InstanceID == n.InstanceID {
				at.IP, at.SSH = now.IP, now.SSH
			}
			return nil
		}); err != nil {
			return err
		}
		return fault.New(fault.Unreachable, "node %s was switched on and is at another address now", n.Label()).At(m.rec.ClusterID, n.ID, "")
	}
}
