package fakes

import (
	"context"
	"time"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

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
