package remote

import (
	"context"
	"net"
	"time"

	"drover/agent/api"
	"drover/agent/client"
	"drover/fault"

	"github.com/cenkalti/backoff/v5"
)

// Agents calls the drover-agent of each node through the pool's connections. Targets must log in as root: only root can
// open the agent's socket.
type Agents struct {
	pool     *Pool
	paths    paths
	binaries binaries
	// poll is how long the agent may delay one answer, slack the additional time to wait for it, pace the shortest time
	// between two polls, ready how long a started agent may take to answer, silence the time without an answer after which
	// the caller is notified.
	poll, slack, pace, ready, silence time.Duration
}

// paths are the locations of the agent's files on a node.
type paths struct{ binary, config, socket string }

// NewAgents returns the adapter over pool. The caller closes the pool.
func NewAgents(pool *Pool) *Agents {
	return &Agents{
		pool:  pool,
		paths: paths{binary: api.Binary, config: api.ConfigFile, socket: api.Socket},
		poll:  20 * time.Second, slack: 10 * time.Second, pace: 250 * time.Millisecond, ready: 30 * time.Second, silence: silentEvery,
	}
}

// client returns a client for one call: it has no state between calls, the pool owns the connection.
func (a *Agents) client(t Target) *client.Client {
	return client.New(func(ctx context.Context) (net.Conn, error) { return a.pool.Dial(ctx, t, a.paths.socket) })
}

// Status returns the current state of the node's agent.
func (a *Agents) Status(ctx context.Context, t Target) (api.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, a.slack)
	defer cancel()
	st, err := a.client(t).Status(ctx)
	return st, at(t, "status", err)
}

// silentLimit is how long a node may give no answer at all while it is to apply a revision.
const silentLimit = 5 * time.Minute

// Sync waits until the node has applied at least revision (B2), through lost connections and restarts of the agent. It
// returns a BarrierTimeout with the node's name after timeout, and after silentLimit without an answer (B4). silent is as in
// api.Watch.
func (a *Agents) Sync(ctx context.Context, t Target, revision int64, timeout time.Duration, silent func(context.Context) error) (api.SyncResult, error) {
	deadline := time.Now().Add(timeout)
	var res api.SyncResult
	err := a.retry(ctx, t, min(timeout, silentLimit), silent, func(ctx context.Context) (err error) {
		left := time.Until(deadline)
		seconds := max(1, int((left+time.Second-1)/time.Second))
		ctx, cancel := context.WithTimeout(ctx, max(left, 0)+a.slack)
		defer cancel()
		res, err = a.client(t).Sync(ctx, api.SyncRequest{Revision: revision, TimeoutSec: seconds})
		return err
	})
	if err == nil || ctx.Err() != nil || !fault.As(err).Retryable {
		return res, at(t, "sync", err)
	}
	return res, faultAt(t, fault.BarrierTimeout, "node %s did not report revision %d as applied within %s: %v",
		t, revision, min(timeout, silentLimit), err).WithHint("check that the node and its drover-agent run")
}

// Reload makes the node's agent read conf.d again and apply its current revision again.
func (a *Agents) Reload(ctx context.Context, t Target) (api.SyncResult, error) {
	res, err := a.client(t).Reload(ctx)
	return res, at(t, "reload", err)
}

// Preview asks which files a change of the cluster's keys would replace on the node.
func (a *Agents) Preview(ctx context.Context, t Target, r api.PreviewRequest) (api.PreviewResult, error) {
	ctx, cancel := context.WithTimeout(ctx, a.slack)
	defer cancel()
	res, err := a.client(t).Preview(ctx, r)
	return res, at(t, "preview", err)
}

// EndPassCommand ends the check_cmd or reload_cmd that the node's agent waits for, if there is one.
func (a *Agents) EndPassCommand(ctx context.Context, t Target) error {
	ctx, cancel := context.WithTimeout(ctx, a.slack)
	defer cancel()
	_, err := a.client(t).EndPassCommand(ctx)
	return at(t, "end of its reload command", err)
}

// List gives the newest commands of the node's journal whose ids match a pattern.
func (a *Agents) List(ctx context.Context, t Target, match string, limit int) (api.CommandList, error) {
	ctx, cancel := context.WithTimeout(ctx, a.slack)
	defer cancel()
	list, err := a.client(t).List(ctx, match, limit)
	return list, at(t, "list of commands", err)
}

// Output reads a part of what a command printed, as agent/client has it.
func (a *Agents) Output(ctx context.Context, t Target, id string, from int64, limit int) (api.CommandOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.slack)
	defer cancel()
	out, err := a.client(t).Output(ctx, id, from, limit)
	return out, at(t, "output of command "+id, err)
}

// silentEvery is the time without an answer after which the caller is notified, and the time between two notifications.
const silentEvery = 5 * time.Second

// retry calls f until it succeeds or fails with an error that is not retryable. It gives up when limit has passed since
// the first retryable failure, or when silent fails. A call that lasted long before it failed was connected, and starts the count again.
func (a *Agents) retry(ctx context.Context, t Target, limit time.Duration, silent, f func(context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	var first, notified time.Time
	for {
		began := time.Now()
		err := f(ctx)
		if err == nil {
			return nil
		}
		if time.Since(began) > a.poll+a.slack {
			first = time.Time{}
		}
		if ctx.Err() != nil {
			return ctxFault(ctx, t, "hear from the agent of")
		}
		problem := fault.As(err)
		if problem == nil || !problem.Retryable {
			return err
		}
		if first.IsZero() {
			first = time.Now()
			notified = first
		}
		if silent != nil && time.Since(notified) > a.silence {
			notified = time.Now()
			if err := silent(ctx); err != nil {
				return err
			}
		}
		next := pause.NextBackOff()
		if time.Since(first)+next > limit {
			return fault.Wrap(err, fault.Unreachable, "no answer for %s", limit)
		}
		if sleep(ctx, next) != nil {
			return ctxFault(ctx, t, "hear from the agent of")
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// at returns err as a fault that names the request and the node.
func at(t Target, doing string, err error) error {
	if err == nil {
		return nil
	}
	f := fault.Wrap(err, fault.Internal, "agent of node %s: %s", t, doing)
	if f.Node == "" {
		f.Node = t.NodeID
	}
	return f
}
