package daemon

import (
	"context"
	"sync"
	"time"

	"drover/agent/api"
	"drover/agent/journal"
)

// settleLimit bounds how long the answer that a command has ended waits for the pass that follows it.
const settleLimit = 30 * time.Second

// commands are the journal, and a pass over failed resources after each command: what a command such as init made, an
// account or a folder, may be what they lacked, and the next command relies on their files. So the end of a command is
// told when that pass is over.
type commands struct {
	*journal.Journal
	d *Daemon

	mu   sync.Mutex
	open map[string]bool // running when last seen
}

func (d *Daemon) commands() *commands {
	c := &commands{Journal: d.journal, d: d, open: map[string]bool{}}
	for _, id := range d.journal.Running() {
		c.open[id] = true
	}
	return c
}

// Launch is part of server.Commands.
func (c *commands) Launch(ctx context.Context, id string, cmd api.Command) (api.CommandStatus, error) {
	_, unknown := c.Journal.Attach(ctx, id, 0)
	st, err := c.Journal.Launch(ctx, id, cmd)
	if err == nil && unknown != nil {
		c.mu.Lock()
		c.open[id] = true
		c.mu.Unlock()
	}
	return c.settled(ctx, id, st, err)
}

// Attach is part of server.Commands.
func (c *commands) Attach(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	st, err := c.Journal.Attach(ctx, id, wait)
	return c.settled(ctx, id, st, err)
}

// Cancel is part of server.Commands.
func (c *commands) Cancel(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	st, err := c.Journal.Cancel(ctx, id, wait)
	return c.settled(ctx, id, st, err)
}

// settled runs the pass when a command is seen to have ended for the first time.
func (c *commands) settled(ctx context.Context, id string, st api.CommandStatus, err error) (api.CommandStatus, error) {
	if err != nil || st.State == api.StateRunning {
		return st, err
	}
	c.mu.Lock()
	ended := c.open[id]
	delete(c.open, id)
	c.mu.Unlock()
	if !ended || !c.d.failing() {
		return st, nil
	}
	ctx, stop := context.WithTimeout(ctx, settleLimit)
	defer stop()
	if _, err := c.d.ask(ctx, c.d.engine.RetryFailed); err != nil {
		c.d.log.Info("failed resources were not retried after a command", "command", id, "error", err)
	}
	return st, nil
}

// failing says whether the last pass left resources that another one may repair.
func (d *Daemon) failing() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.saved.Warnings) > 0
}
