package remote

import (
	"context"
	"errors"
	"io"
	"time"

	"drover/fault"

	"golang.org/x/crypto/ssh"
)

// errSlow means that the node did not answer a channel request within DialTimeout although the connection looks alive.
var errSlow = errors.New("no answer on the connection")

// lease is the right to use a connection for one channel. It is ended once, after the channel has been closed.
type lease struct {
	conn *conn
	end  func()
}

// withChannel opens one channel on the target's connection. A connection that is found broken before the channel exists
// is replaced once: nothing of the call has begun. A session first waits for one of the MaxSessions places.
func withChannel[C io.Closer](
	ctx context.Context, p *Pool, t Target, session bool, open func(*conn) (C, error),
) (C, lease, error) {
	var none C
	for attempt := 1; ; attempt++ {
		c, fresh, err := p.acquire(ctx, t)
		if err != nil {
			return none, lease{}, err
		}
		l := lease{conn: c, end: func() { p.release(c) }}
		if session {
			l.end = func() { <-c.sessions; p.release(c) }
			select {
			case c.sessions <- struct{}{}:
			case <-ctx.Done():
				p.release(c)
				return none, lease{}, ctxFault(ctx, t, "open a session on")
			case <-c.done:
				p.release(c)
				continue
			}
		}
		ch, err := openBounded(ctx, l, p.opt.DialTimeout, open)
		if err == nil {
			return ch, l, nil
		}
		var refused *ssh.OpenChannelError
		switch {
		case ctx.Err() != nil:
			return none, lease{}, ctxFault(ctx, t, "open a channel to")
		case errors.As(err, &refused):
			return none, lease{}, refusedFault(t, refused)
		}
		p.forget(c)
		_ = c.client.Close()
		if fresh || attempt > 1 {
			return none, lease{}, fault.Wrap(err, fault.Unreachable, "lost the connection to node %s", t).At("", t.NodeID, "")
		}
	}
}

// openBounded runs open, which x/crypto cannot interrupt. Without a channel to return it ends the lease: at once, or,
// after a timeout, when the abandoned open has returned and its channel is closed.
func openBounded[C io.Closer](ctx context.Context, l lease, limit time.Duration, open func(*conn) (C, error)) (C, error) {
	type result struct {
		ch  C
		err error
	}
	opened := make(chan result, 1)
	go func() {
		ch, err := open(l.conn)
		opened <- result{ch, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	select {
	case r := <-opened:
		if r.err != nil {
			l.end()
		}
		return r.ch, r.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = errSlow
	}
	go func() {
		if r := <-opened; r.err == nil {
			_ = r.ch.Close()
		}
		l.end()
	}()
	var none C
	return none, err
}

// refusedFault is the fault for a node that answers and declines a channel. sshd gives the same reason for a socket
// without a listener, for disabled forwarding and for too many sessions.
func refusedFault(t Target, refused *ssh.OpenChannelError) *fault.Fault {
	return faultAt(t, fault.Unreachable, "node %s did not open the channel: %s", t, refused.Message).
		WithHint("if this persists, set AllowStreamLocalForwarding yes and MaxSessions 10 in its sshd_config")
}
