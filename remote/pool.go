package remote

import (
	"context"
	"sync"
	"time"

	"drover/fault"

	"golang.org/x/crypto/ssh"
)

// Pool keeps one SSH connection per target. It dials on demand, with one dial per target for any number of waiting
// callers, and replaces a broken connection for calls that have not begun. All methods are safe for concurrent use.
type Pool struct {
	opt   Options
	slots dialSlots
	ctx   context.Context // ends with Close: stops dials
	stop  context.CancelFunc

	mu     sync.Mutex
	closed bool
	conns  map[key]*conn
	dials  map[key]*dial
	live   sync.WaitGroup // dials, connections and keepalives; added to under mu while not closed
}

// dial is one dial in progress; conn and err are set before done is closed.
type dial struct {
	done chan struct{}
	conn *conn
	err  *fault.Fault
}

// New returns an empty pool. It does not dial.
func New(opt Options) *Pool {
	opt = opt.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	return &Pool{
		opt: opt, ctx: ctx, stop: stop, slots: make(dialSlots, opt.Handshakes),
		conns: map[key]*conn{}, dials: map[key]*dial{},
	}
}

// Close ends every connection and waits until all are closed. Calls in progress fail; later calls are refused.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	conns := make([]*conn, 0, len(p.conns))
	for _, c := range p.conns {
		conns = append(conns, c)
	}
	p.mu.Unlock()
	p.stop()
	for _, c := range conns {
		_ = c.client.Close()
	}
	p.live.Wait()
	return nil
}

// acquire returns the target's connection, and dials when there is none. fresh reports that this call waited for a
// dial. The caller releases the connection.
func (p *Pool) acquire(ctx context.Context, t Target) (c *conn, fresh bool, err error) {
	k := keyOf(t)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, false, faultAt(t, fault.Unreachable, "cannot reach node %s: Drover's SSH pool is closed", t)
	}
	if c := p.conns[k]; c != nil {
		p.use(c)
		p.mu.Unlock()
		return c, false, nil
	}
	d := p.dials[k]
	if d == nil {
		d = &dial{done: make(chan struct{})}
		p.dials[k] = d
		p.live.Go(func() { p.dial(t, d) })
	}
	p.mu.Unlock()

	select {
	case <-ctx.Done():
		return nil, false, ctxFault(ctx, t, "connect to")
	case <-d.done:
	}
	if d.err != nil {
		own := *d.err // callers may fill in places
		return nil, false, &own
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.use(d.conn)
	return d.conn, true, nil
}

// dial runs independently of its callers: one that gives up does not end the dial for the others.
func (p *Pool) dial(t Target, d *dial) {
	client, err := p.handshake(p.ctx, t)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer close(d.done)
	delete(p.dials, keyOf(t))
	switch {
	case err != nil:
		d.err = err
		return
	case p.closed:
		_ = client.Close()
		d.err = faultAt(t, fault.Unreachable, "cannot reach node %s: Drover's SSH pool is closed", t)
		return
	}
	d.conn = p.adopt(t, client)
}

// adopt puts a new connection into the pool and watches it. The caller holds mu.
func (p *Pool) adopt(t Target, client *ssh.Client) *conn {
	c := &conn{
		client: client, target: t,
		sessions: make(chan struct{}, p.opt.MaxSessions), done: make(chan struct{}),
	}
	c.idle = time.AfterFunc(p.opt.IdleTimeout, func() { p.closeIdle(c) })
	p.conns[keyOf(t)] = c
	p.live.Go(func() {
		err := client.Wait()
		p.forget(c)
		c.idle.Stop()
		close(c.done)
		p.opt.Logger.Debug("ssh connection ended", "node", t.NodeID, "addr", t.Addr, "reason", err)
	})
	p.live.Go(func() {
		c.keepAlive(p.opt.KeepaliveInterval, p.opt.KeepaliveMisses, func() {
			p.opt.Logger.Warn("node does not answer on its ssh connection; closing it", "node", t.NodeID, "addr", t.Addr)
		})
	})
	return c
}

func (p *Pool) use(c *conn) {
	c.users++
	c.idle.Stop()
}

func (p *Pool) release(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.users--; c.users == 0 && p.conns[keyOf(c.target)] == c {
		c.idle.Reset(p.opt.IdleTimeout)
	}
}

func (p *Pool) closeIdle(c *conn) {
	p.mu.Lock()
	idle := c.users == 0
	if idle && p.conns[keyOf(c.target)] == c {
		delete(p.conns, keyOf(c.target))
	}
	p.mu.Unlock()
	if idle {
		_ = c.client.Close()
	}
}

// forget removes a connection from the pool, so that the next call dials.
func (p *Pool) forget(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[keyOf(c.target)] == c {
		delete(p.conns, keyOf(c.target))
	}
}
