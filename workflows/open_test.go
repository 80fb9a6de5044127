package workflows_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/tests/fakes"
	"drover/workflows/api"
)

// cutOff is a node whose connection breaks while it runs a command, the first time. The command runs until it is ended, or
// until release.
type cutOff struct {
	w       *world
	service string
	once    sync.Once
	node    string
	over    chan struct{}
}

// cutting breaks the connection of the first node of role a that runs the service.
func (w *world) cutting(service string) *cutOff {
	c := &cutOff{w: w, service: service, over: make(chan struct{})}
	w.agents.Handlers = append(w.agents.Handlers, c.run)
	return c
}

func (c *cutOff) run(ctx context.Context, e fakes.Execution) (agentapi.CommandStatus, bool) {
	mine := false
	if e.Service() == c.service && e.Node.Label() == "a/1" {
		c.once.Do(func() { mine = true })
	}
	if !mine {
		return agentapi.CommandStatus{}, false
	}
	c.node = e.Node.ID
	c.w.agents.Cut(c.node)
	select {
	case <-c.over:
	case <-ctx.Done():
	}
	return fakes.Exit(0, ""), true
}

func (c *cutOff) mend() { c.w.agents.Mend(c.node) }

// runs is how often the service ran on the node.
func (c *cutOff) runs() int {
	n := 0
	for _, e := range c.w.agents.Ran() {
		if e.Node.ID == c.node && e.Service() == c.service {
			n++
		}
	}
	return n
}

// A node that does not answer while it runs a command has neither succeeded nor failed: the operation is held, whatever
// on_failure says, and a retry attaches to the command.
func TestANodeThatIsCutOffHoldsItsOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	c := w.cutting("tidy")
	w.operator = func(d desk) {
		if d.Held == nil {
			return
		}
		require.True(t, d.Held.Unknown)
		require.Equal(t, agentapi.OutcomeOpen, d.Held.Nodes[0].Outcome)
		require.Contains(t, d.Held.Error, "it is not known how tidy on a/1 ends")
		c.mend()
		if d.visit == 1 {
			close(c.over)
		}
		d.resolve(api.Resolution{Action: api.ResolveRetry})
	}
	r := w.start(api.RunService, api.RunServiceInput{Service: "tidy"})
	require.NoError(t, r.err)
	require.Len(t, w.answers.seen, 1)
	require.Equal(t, 1, c.runs())
	require.Empty(t, w.record().Open)
}

// An operation that is aborted or cancelled while a node is cut off ends the node's command before it undoes anything: until
// the node is heard the undo is held, and an operator may say that it is gone.
func TestAnUndoWaitsForANodeThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"abort", "cancel"} {
		for _, gone := range []bool{false, true} {
			t.Run(map[bool]string{false: way + ", heard again", true: way + ", gone"}[gone], func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				createStore(w)
				c := w.cutting("stop")
				defer close(c.over)
				w.operator = func(d desk) {
					switch {
					case d.Held != nil && len(d.Undo) == 0 && way == "abort":
						d.resolve(api.Resolution{Action: api.ResolveAbort})
					case d.Held != nil && len(d.Undo) == 0:
						d.env.CancelWorkflow()
					case d.Held != nil && gone:
						require.Equal(t, "end commands that may still run", d.Held.Words)
						d.resolve(api.Resolution{Action: api.ResolveAbort})
						d.resolve(api.Resolution{Action: api.ResolveSkip, Reason: "its rack burnt down", By: "anna"})
					case d.Held != nil:
						require.NotEmpty(t, w.agents.Running(c.node))
						c.mend()
						d.resolve(api.Resolution{Action: api.ResolveRetry})
					}
				}
				before := len(w.agents.Ran())
				r := w.start(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", Memory: 1024})
				require.Error(t, r.err)
				again := 0 // started again, by the undo
				for _, e := range w.agents.Ran()[before:] {
					if e.Service() == "start" && e.Node.ID == c.node {
						again++
					}
				}
				if !gone {
					require.Empty(t, w.agents.Running(c.node), "it was ended")
					require.Equal(t, 1, again)
					require.Empty(t, w.record().Open)
					return
				}
				require.Len(t, w.answers.refused, 1, "an undo is not aborted")
				require.Contains(t, r.err.Error(), "undo failed")
				require.Equal(t, []string{c.node}, w.record().Open)
			})
		}
	}
}

// What an operation left running is ended before the next one begins: also of one that was terminated.
func TestTheNextOperationFirstEndsWhatStillRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createStore(w)
	c := w.cutting("tidy")
	defer close(c.over)
	w.inject = &injection{k: 3, how: died}
	r := w.start(api.RunService, api.RunServiceInput{Service: "tidy"})
	require.Error(t, r.err)
	w.inject = nil

	r = w.start(api.RestartCluster, api.RestartClusterInput{})
	require.Equal(t, fault.Unreachable, r.fault().Type)
	require.Contains(t, r.fault().Message, "RestartCluster cannot begin before a node is heard")
	require.Contains(t, r.fault().Hint, "drover repair")
	require.Contains(t, w.record().Open, c.node)
	require.NotEmpty(t, w.agents.Running(c.node))

	c.mend()
	w.start1(api.RestartCluster, api.RestartClusterInput{})
	require.Empty(t, w.agents.Running(c.node))
	require.Empty(t, w.record().Open)
	require.Equal(t, 1, c.runs())
}
