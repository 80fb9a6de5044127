package daemon

import (
	"context"

	"drover/agent/exporter"
)

// serveMetrics serves the node's metrics for as long as the agent runs. An address that cannot be used is a warning, and
// retried.
func (d *Daemon) serveMetrics(ctx context.Context, addr string) {
	for {
		metrics, err := exporter.New(d.measured, "/proc", "/sys")
		if err == nil {
			err = metrics.Serve(ctx, addr, d.log)
		}
		if ctx.Err() != nil {
			return
		}
		d.log.Warn("metrics", "address", addr, "error", err)
		d.listenWarning(addr, err.Error())
		pause(ctx, listenAgain)
		d.listenWarning(addr, "")
	}
}

// measured is what the agent's metrics are made of.
func (d *Daemon) measured() exporter.Now {
	now := exporter.Now{Status: d.Status()}
	_, now.Measured = d.health.Measured()
	d.mu.Lock()
	defer d.mu.Unlock()
	now.Role = d.config.Role
	if m := d.config.Monitor; m != nil && m.Enable {
		now.Items, now.Monitors = m.Items, true
	}
	return now
}
