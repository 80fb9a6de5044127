package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"drover/fault"

	"golang.org/x/crypto/ssh"
)

// handshake makes one authenticated connection. The deadline covers all waiting for the node, from the TCP connect to
// the answer to the signature; waiting for a slot of dialSlots does not count.
func (p *Pool) handshake(ctx context.Context, t Target) (*ssh.Client, *fault.Fault) {
	pinned, problem := checkTarget(t)
	if problem != nil {
		return nil, problem
	}
	signer, problem := p.signer(t)
	if problem != nil {
		return nil, problem
	}
	start := time.Now()
	raw, problem := p.connect(ctx, t)
	if problem != nil {
		return nil, problem
	}
	left := p.opt.DialTimeout - time.Since(start)
	release, err := p.slots.take(ctx)
	if err != nil {
		_ = raw.Close()
		return nil, ctxFault(ctx, t, "connect to")
	}
	defer release()
	_ = raw.SetDeadline(time.Now().Add(left))
	// A connection through a jump host does not support deadlines.
	limited, done := context.WithTimeout(ctx, left)
	defer done()
	stop := context.AfterFunc(limited, func() { _ = raw.Close() })
	defer stop()

	var mismatch *fault.Fault
	config := &ssh.ClientConfig{
		Config:            ssh.Config{KeyExchanges: keyExchanges, Ciphers: ciphers, MACs: macs},
		User:              t.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyAlgorithms: hostKeyAlgorithms(pinned),
		HostKeyCallback: func(_ string, _ net.Addr, offered ssh.PublicKey) error {
			if bytes.Equal(offered.Marshal(), pinned.Marshal()) {
				return nil
			}
			mismatch = hostKeyFault(t, pinned, offered)
			return mismatch
		},
	}
	c, chans, reqs, err := ssh.NewClientConn(raw, t.Addr, config)
	if err != nil {
		_ = raw.Close()
		switch {
		case mismatch != nil:
			return nil, mismatch
		case ctx.Err() != nil:
			return nil, ctxFault(ctx, t, "connect to")
		case limited.Err() != nil:
			return nil, fault.Wrap(limited.Err(), fault.Unreachable, "node %s did not complete the SSH handshake in time", t).
				At("", t.NodeID, "")
		}
		return nil, dialFault(t, err)
	}
	_ = raw.SetDeadline(time.Time{})
	return ssh.NewClient(c, chans, reqs), nil
}

func hostKeyFault(t Target, pinned, offered ssh.PublicKey) *fault.Fault {
	return faultAt(t, fault.HostKeyChanged, "node %s offered host key %s %s, expected %s %s", t,
		offered.Type(), ssh.FingerprintSHA256(offered), pinned.Type(), ssh.FingerprintSHA256(pinned)).
		WithHint("another machine may have taken the address: find the reason before you record the new key for the node")
}

// dialFault translates the error of a failed handshake.
func dialFault(t Target, err error) *fault.Fault {
	var negotiation *ssh.AlgorithmNegotiationError
	var timeout net.Error
	switch {
	case errors.As(err, &negotiation):
		return fault.Wrap(err, fault.Invalid, "node %s has no SSH algorithm in common with Drover", t).
			At("", t.NodeID, "").WithHint("configure its sshd to offer curve25519-sha256, aes128-gcm@openssh.com and ssh-ed25519")
	case strings.Contains(err.Error(), "unable to authenticate"): // x/crypto has no type for it
		return faultAt(t, fault.Unauthorized, "node %s refuses Drover's key for user %s", t, t.User).
			WithHint("put Drover's public key into the authorized_keys of that user on the node")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.Wrap(err, fault.Unreachable, "node %s did not complete the SSH handshake in time", t).
			At("", t.NodeID, "")
	}
	return fault.Wrap(err, fault.Unreachable, "cannot connect to node %s", t).At("", t.NodeID, "")
}

// ctxFault is the fault of a call that was ended by its context: retryable, and errors.Is finds the context's error
// and its cause.
func ctxFault(ctx context.Context, t Target, doing string) *fault.Fault {
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, err) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return fault.Wrap(err, fault.Unreachable, "gave up waiting to %s node %s", doing, t).At("", t.NodeID, "")
}
