package remote

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

// node is a node with a fake agent behind a proxy, and the adapter to it.
type node struct {
	*fakeAgent
	*Agents
	server *server
	proxy  *proxy
	target Target
}

func newNode(t *testing.T, opt Options) *node {
	t.Helper()
	s := newServer(t, nil)
	n := &node{fakeAgent: newFakeAgent(t), server: s, proxy: newProxy(t, s.ln.Addr().String())}
	n.target = n.proxy.via(s.target())
	opt.Signer = s.user
	n.Agents = NewAgents(newPool(t, opt))
	n.paths.socket = n.fakeAgent.socket
	return n
}

type outcome struct {
	st  api.CommandStatus
	err error
}

func (n *node) run(ctx context.Context, id string) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		st, err := n.Run(ctx, n.target, id, api.Command{Cmd: "x", TimeoutSec: 60}, api.Watch{})
		done <- outcome{st, err}
	}()
	return done
}

var exited3 = api.CommandStatus{State: api.StateExited, ExitCode: 3, LastLine: "last"}

func TestRunReportsProgressAndJoinsTheSameExecution(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.poll = time.Second
	var lines []string
	for range 2 {
		st, err := n.Run(t.Context(), n.target, "id/a b", api.Command{Cmd: "x", TimeoutSec: 60}, api.Watch{Progress: func(st api.CommandStatus) {
			lines = append(lines, st.LastLine)
			n.end("id/a b", exited3)
		}})
		require.NoError(t, err)
		require.Equal(t, 3, st.ExitCode, "a non-zero exit is an outcome, not an error")
	}
	require.Equal(t, []string{"begun", "last", "last"}, lines)
	require.Equal(t, 1, n.count("id/a b"))
}

func TestRunSurvives(t *testing.T) {
	t.Parallel()
	disturb := map[string]func(t *testing.T, n *node){
		"a cut connection": func(_ *testing.T, n *node) { n.proxy.cut() },
		"a dead link": func(_ *testing.T, n *node) {
			n.proxy.swallow()
			n.proxy.heal()
		},
		"a restart of the agent": func(t *testing.T, n *node) {
			n.fakeAgent.stop()
			n.listen(t)
		},
		"a restart of sshd": func(_ *testing.T, n *node) { n.server.dropAll() },
	}
	for name, f := range disturb {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, Options{KeepaliveInterval: 50 * time.Millisecond})
			done := n.run(t.Context(), "c")
			n.await(t, "PUT /v1/commands/c")
			f(t, n)
			// Before the answer Run does not know that the command began: it launches again under the same id.
			n.await(t, "PUT /v1/commands/c")
			n.end("c", exited3)
			r := <-done
			require.NoError(t, r.err)
			require.Equal(t, 3, r.st.ExitCode)
			require.Equal(t, 1, n.count("c"))
		})
	}
}

func TestRunAttachesOnceBegun(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.poll = time.Second
	done := n.run(t.Context(), "c")
	n.await(t, "GET /v1/commands/c")
	n.proxy.cut()
	n.await(t, "GET /v1/commands/c")
	n.end("c", exited3)
	require.NoError(t, (<-done).err)
	require.Equal(t, 1, n.count("c"))
}

func TestRunFindsOutAHungAgent(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.poll, n.slack = time.Second, 100*time.Millisecond
	var asked atomic.Int32
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	n.intercept(func(http.ResponseWriter, *http.Request) bool {
		if asked.Add(1) > 1 {
			return false
		}
		<-over // only the first request hangs
		return true
	})
	done := n.run(t.Context(), "c")
	n.await(t, "PUT /v1/commands/c")
	n.await(t, "PUT /v1/commands/c")
	n.await(t, "GET /v1/commands/c")
	n.end("c", exited3)
	require.NoError(t, (<-done).err)
}

// The silent function may recover a silent node, or end the wait.
func TestRunTellsThatTheNodeIsSilent(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.silence, n.poll = 20*time.Millisecond, time.Second
	n.fakeAgent.stop()
	calls := 0
	st, err := n.Run(t.Context(), n.target, "c", api.Command{Cmd: "x", TimeoutSec: 60}, api.Watch{
		Silent: func(context.Context) error {
			if calls++; calls == 2 {
				n.listen(t)
			}
			return nil
		},
		Progress: func(api.CommandStatus) { n.end("c", exited3) },
	})
	require.NoError(t, err)
	require.Equal(t, 3, st.ExitCode)
	require.Equal(t, 2, calls)

	n.fakeAgent.stop()
	moved := fault.New(fault.Unreachable, "at another address now")
	_, err = n.Run(t.Context(), n.target, "d", api.Command{Cmd: "x", TimeoutSec: 60}, api.Watch{Silent: func(context.Context) error { return moved }})
	require.ErrorContains(t, err, moved.Message)
}

func TestRunGivesUp(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{GiveUp: 100 * time.Millisecond})
	n.fakeAgent.stop()
	r := <-n.run(t.Context(), "c")
	require.True(t, fault.Is(r.err, fault.Unreachable), "%v", r.err)
	require.True(t, fault.As(r.err).Retryable)
	require.Equal(t, n.target.NodeID, fault.As(r.err).Node)
	require.Contains(t, r.err.Error(), "no answer for 100ms")
}

func TestRunEndsWithItsContextAndLeavesTheCommand(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	why := errors.New("worker shuts down")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := n.run(ctx, "c")
	n.awaitBegun("c")
	cancel(why)
	r := <-done
	require.ErrorIs(t, r.err, context.Canceled)
	require.ErrorIs(t, r.err, why)
	require.Zero(t, n.deletes)
	st, err := n.Cancel(t.Context(), n.target, "c")
	require.NoError(t, err)
	require.True(t, st.Canceled)
	require.Equal(t, 1, n.count("c"))
}

func TestCancelOfWhatNeverBegan(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	_, err := n.Cancel(t.Context(), n.target, "c")
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestRunNeverRepeatsWhatItLost(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.poll = time.Second
	done := n.run(t.Context(), "c")
	n.await(t, "GET /v1/commands/c")
	n.mu.Lock()
	close(n.commands["c"].ended)
	delete(n.commands, "c")
	n.mu.Unlock()
	r := <-done
	require.True(t, fault.Is(r.err, fault.OutcomeUnknown), "%v", r.err)
	require.False(t, fault.As(r.err).Retryable)
	require.Equal(t, 1, n.count("c"))
}

func TestUnknownOutcomeIsNoSuccess(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	done := n.run(t.Context(), "c")
	n.await(t, "PUT /v1/commands/c")
	n.end("c", api.CommandStatus{State: api.StateUnknown, Output: "half", Detail: "the node went down while it ran"})
	r := <-done
	require.True(t, fault.Is(r.err, fault.OutcomeUnknown), "%v", r.err)
	require.Equal(t, "half", fault.As(r.err).Output)
	require.ErrorContains(t, r.err, "its outcome is unknown: the node went down while it ran")
}

func TestRefusalIsFinal(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	asked := 0
	n.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		asked++
		reply(w, nil, fault.New(fault.Conflict, "another command has this id"))
		return true
	})
	r := <-n.run(t.Context(), "c")
	require.True(t, fault.Is(r.err, fault.Conflict), "%v", r.err)
	require.Equal(t, 1, asked)
}

func TestRunKeepsTheTypeOfConnectionFaults(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.target.HostKey = authorizedLine(newSigner(t).PublicKey())
	r := <-n.run(t.Context(), "c")
	require.True(t, fault.Is(r.err, fault.HostKeyChanged), "%v", r.err)
}

func TestSyncOutlivesARestart(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	done := make(chan error, 1)
	go func() {
		res, err := n.Sync(t.Context(), n.target, 7, time.Minute, nil)
		if err == nil && (res.Revision != 7 || len(res.Warnings) != 1) {
			err = errors.New("wrong answer")
		}
		done <- err
	}()
	n.await(t, "POST /v1/sync")
	n.fakeAgent.stop()
	n.listen(t)
	n.await(t, "POST /v1/sync")
	close(n.applied)
	require.NoError(t, <-done)
}

func TestSyncNamesTheNodeThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	n.fakeAgent.stop()
	_, err := n.Sync(t.Context(), n.target, 7, 100*time.Millisecond, nil)
	require.True(t, fault.Is(err, fault.BarrierTimeout), "%v", err)
	require.Equal(t, n.target.NodeID, fault.As(err).Node)
}

func TestSyncPassesTheAgentsWordOn(t *testing.T) {
	t.Parallel()
	n := newNode(t, Options{})
	_, err := n.Sync(t.Context(), n.target, 7, time.Second, nil)
	require.True(t, fault.Is(err, fault.BarrierTimeout), "%v", err)
	require.Contains(t, err.Error(), "not applied")
}
