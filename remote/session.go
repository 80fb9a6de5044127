package remote

import (
	"context"
	"errors"
	"io"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// session is a channel for one command or subsystem. ssh.Session is not used because its Wait returns when the channel
// closes, and sshd keeps the channel open while a process that the command left behind holds its pipes.
type session struct {
	ssh.Channel
	requests <-chan *ssh.Request
}

// session opens one of the MaxSessions sessions of the connection; done closes it and must be called.
func (p *Pool) session(ctx context.Context, t Target) (s *session, done func(), err error) {
	s, l, err := withChannel(ctx, p, t, true, func(c *conn) (*session, error) {
		ch, requests, err := c.client.OpenChannel("session", nil)
		if err != nil {
			return nil, err
		}
		return &session{ch, requests}, nil
	})
	if err != nil {
		return nil, nil, err
	}
	return s, func() {
		// Closing writes to the network, and the node may be gone: do not wait for it.
		go func() {
			_ = s.Close()
			ssh.DiscardRequests(s.requests) // ends when the node has closed its side too: then sshd has freed its session
			l.end()
		}()
	}, nil
}

// ask sends a request with one string, and fails when the node declines it.
func (s *session) ask(request, value string) error {
	ok, err := s.SendRequest(request, true, ssh.Marshal(struct{ Value string }{value}))
	if err == nil && !ok {
		err = errDeclined
	}
	return err
}

var (
	errDeclined = errors.New("sshd declined the request")
	errNoStatus = errors.New("the session closed without an exit code")
)

// exec runs cmd and returns its exit code as soon as the node reports it.
func (s *session) exec(cmd string, stdin io.Reader) (code int, err error) {
	if err := s.ask("exec", cmd); err != nil {
		return 0, err
	}
	go func() {
		if stdin != nil {
			_, _ = io.Copy(s, stdin)
		}
		_ = s.CloseWrite()
	}()
	for r := range s.requests {
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
		switch r.Type {
		case "exit-status":
			var m struct{ Code uint32 }
			err := ssh.Unmarshal(r.Payload, &m)
			return int(m.Code), err
		case "exit-signal":
			var m struct {
				Signal     string
				CoreDumped bool
				Text, Lang string
			}
			err := ssh.Unmarshal(r.Payload, &m)
			return 128 + int(unix.SignalNum("SIG"+m.Signal)), err
		}
	}
	return 0, errNoStatus
}
