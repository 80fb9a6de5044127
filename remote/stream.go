package remote

import (
	"context"
	"fmt"
	"net"
	"sync"

	"drover/fault"
)

// Dial opens a byte stream to a unix socket on the node. Any number of streams share the connection. The stream does
// not support deadlines (its SetDeadline methods fail): bound the work on it by a context that closes it. A socket
// without a listener is Unreachable.
func (p *Pool) Dial(ctx context.Context, t Target, socketPath string) (net.Conn, error) {
	s, l, err := withChannel(ctx, p, t, false, func(c *conn) (net.Conn, error) {
		return c.client.Dial("unix", socketPath)
	})
	if err != nil {
		return nil, fault.Wrap(err, fault.Unreachable, "cannot reach socket %s", socketPath)
	}
	return &stream{Conn: s, release: sync.OnceFunc(l.end), path: socketPath}, nil
}

// stream counts as a user of its connection until it is closed.
type stream struct {
	net.Conn
	release func()
	path    string
}

func (s *stream) Close() error {
	defer s.release()
	if err := s.Conn.Close(); err != nil {
		return fmt.Errorf("close stream to %s: %w", s.path, err)
	}
	return nil
}
