package histories

import (
	"context"
	"strings"
	"sync"
	"time"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
)

// barrier is the point at which nodes wait for a revision. The other points are commands: "start",
// "scale_out.pre_check".
const barrier = "barrier"

// nodes are the agents of a world. One point can be made to fail, and one can be held.
type nodes struct {
	*fakes.Agents

	mu      sync.Mutex
	failing string
	losing  string // its first commands end with an unknown outcome
	held    *gate
}

// gate holds everybody who comes to a point until it is opened or the wait is given up; after that it is no more.
type gate struct {
	at      string
	reached chan struct{}
	open    chan struct{}
	passed  bool
}

// newNodes makes the agents; saved is told of every backup that succeeds.
func newNodes(store *fakes.Store, saved func(fakes.Execution)) *nodes {
	n := &nodes{Agents: fakes.NewAgents(store)}
	n.Handlers = append(n.Handlers, func(ctx context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
		point := e.Service()
		if strings.Contains(e.ID, ".pre_check.") {
			point += ".pre_check"
		}
		n.pass(ctx, point)
		if n.loses(point, e.ID) {
			return agentapi.CommandStatus{State: agentapi.StateUnknown}, true
		}
		if n.fails(point) {
			return fakes.Exit(77, "not now"), true
		}
		if point == lifecycle.ServiceBackup {
			saved(e)
		}
		return fakes.Exit(0, e.Node.ID), true
	})
	return n
}

// fail makes a point fail from now on; "" heals it.
func (n *nodes) fail(point string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failing = point
}

// lose makes the outcome of the first command of a point unknown, on each node.
func (n *nodes) lose(point string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.losing = point
}

func (n *nodes) loses(point, id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.losing == point && !strings.Contains(id, ".again-")
}

func (n *nodes) fails(point string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failing == point
}

// hold closes a point.
func (n *nodes) hold(point string) *gate {
	g := &gate{at: point, reached: make(chan struct{}), open: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = g
	return g
}

// pass waits at a point as long as it is held.
func (n *nodes) pass(ctx context.Context, point string) {
	n.mu.Lock()
	g := n.held
	if g == nil || g.at != point || g.passed {
		n.mu.Unlock()
		return
	}
	select {
	case <-g.reached:
	default:
		close(g.reached)
	}
	n.mu.Unlock()
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	n.mu.Lock()
	g.passed = true
	n.mu.Unlock()
}

// Sync is the barrier of one node.
func (n *nodes) Sync(ctx context.Context, node lifecycle.Node, revision int64, timeout time.Duration, silent func(context.Context) error) (agentapi.SyncResult, error) {
	n.pass(ctx, barrier)
	if ctx.Err() != nil {
		return agentapi.SyncResult{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for revision %d", revision)
	}
	if n.fails(barrier) {
		return agentapi.SyncResult{}, fault.New(fault.BarrierTimeout, "revision %d was not applied", revision).At("", node.ID, "")
	}
	return n.Agents.Sync(ctx, node, revision, timeout, silent)
}
