package remote

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy forwards TCP until it becomes a black hole: the connections then stay open and dead, like a pulled cable. heal
// lets new connections through again; old ones stay dead.
type proxy struct {
	ln net.Listener
	to string

	mu    sync.Mutex
	hole  chan struct{} // closed: swallow
	conns []net.Conn
	wg    sync.WaitGroup
}

func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{ln: ln, to: to, hole: make(chan struct{})}
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		_ = ln.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) serve() {
	for {
		in, err := p.ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		hole := p.hole
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		p.wg.Go(func() { pass(out, in, hole) })
		p.wg.Go(func() { pass(in, out, hole) })
	}
}

func pass(to, from net.Conn, hole <-chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-hole: // keep reading, forward nothing, close nothing
			_, _ = io.Copy(io.Discard, from)
			return
		default:
		}
		if n > 0 {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

func (p *proxy) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.hole)
}

func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = make(chan struct{})
}

// cut closes all connections on both sides.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// via is the target reached through the proxy.
func (p *proxy) via(t Target) Target {
	t.Addr = p.ln.Addr().String()
	return t
}
