package remote

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"

	"drover/fault"

	"golang.org/x/crypto/ssh"
)

// signer returns the key for the login to t.
func (p *Pool) signer(t Target) (ssh.Signer, *fault.Fault) {
	if t.KeyFile == "" {
		return p.opt.Signer, nil
	}
	text, err := os.ReadFile(t.KeyFile)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "private key for %s", t).At("", t.NodeID, "").
			WithHint("key files are read on the worker's machine")
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "private key %s", t.KeyFile).At("", t.NodeID, "").
			WithHint("use an OpenSSH or PEM private key without passphrase")
	}
	return signer, nil
}

// connect makes the connection for the handshake: TCP, or a channel of the jump host's pooled connection.
func (p *Pool) connect(ctx context.Context, t Target) (net.Conn, *fault.Fault) {
	if t.Jump == nil {
		dialer := net.Dialer{Timeout: p.opt.DialTimeout}
		raw, err := dialer.DialContext(ctx, "tcp", t.Addr)
		if err != nil {
			return nil, dialFault(t, err)
		}
		return raw, nil
	}
	for attempt := 1; ; attempt++ {
		c, fresh, err := p.acquire(ctx, *t.Jump)
		if err != nil {
			return nil, fault.Wrap(err, fault.Unreachable, "jump host of node %s", t)
		}
		limited, done := context.WithTimeout(ctx, p.opt.DialTimeout)
		raw, err := c.client.DialContext(limited, "tcp", t.Addr)
		done()
		if err == nil {
			return &jumped{Conn: raw, release: sync.OnceFunc(func() { p.release(c) })}, nil
		}
		p.release(c)
		var refused *ssh.OpenChannelError
		switch {
		case ctx.Err() != nil:
			return nil, ctxFault(ctx, t, "connect to")
		case errors.As(err, &refused):
			return nil, fault.Wrap(err, fault.Unreachable, "jump host %s cannot connect to node %s", t.Jump.Addr, t).At("", t.NodeID, "").
				WithHint("its sshd_config needs AllowTcpForwarding yes, and the node must listen at %s", t.Addr)
		}
		// A pooled connection may have been broken before this call.
		p.forget(c)
		_ = c.client.Close()
		if fresh || attempt > 1 {
			return nil, dialFault(t, err)
		}
	}
}

// jumped is a connection through a jump host; it keeps the jump host's connection open until it is closed.
type jumped struct {
	net.Conn
	release func()
}

func (j *jumped) Close() error {
	defer j.release()
	return j.Conn.Close()
}
