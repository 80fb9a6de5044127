package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"drover/agent/api"
	"drover/agent/health"
	"drover/fault"
	"drover/metadata/pack"
)

// Configure replaces the health check and monitor settings, durably. Settings that name another cluster or node are
// meant for another agent.
func (d *Daemon) Configure(c api.Config) error {
	d.configuring.Lock()
	defer d.configuring.Unlock()
	d.mu.Lock()
	now := d.config
	d.mu.Unlock()
	if (c.ClusterID != "" && c.ClusterID != now.ClusterID) || (c.NodeID != "" && c.NodeID != now.NodeID) {
		return fault.New(fault.Conflict, "settings for %s %s were sent to the agent of %s %s", c.ClusterID, c.NodeID,
			now.ClusterID, now.NodeID)
	}
	now.HealthCheck, now.Monitor = c.HealthCheck, c.Monitor
	if err := saveConfig(d.configFile, now); err != nil {
		return fault.Wrap(err, fault.Internal, "write %s", d.configFile)
	}
	d.mu.Lock()
	d.config, d.fingerprint = now, Fingerprint(d.program, now)
	d.mu.Unlock()
	d.health.Set(d.runCtx, now.HealthCheck, now.Monitor)
	return nil
}

// quiet says whether health checks must rest because an operation runs on the cluster, or left it in a state other than active;
// during maintenance actions alone rest. While Consul does not answer, checks rest too: an action taken in the middle of an
// operation can do more harm than one taken late.
func (d *Daemon) quiet(ctx context.Context) health.Rest {
	switch operation, err := d.source.Operation(ctx, d.cluster); {
	case err != nil:
		d.log.Info("no health check: whether an operation runs or the cluster is active is unknown", "error", err)
		return health.AllRest
	case operation == pack.Maintenance:
		return health.ActionsRest
	case operation != "":
		return health.AllRest
	}
	return health.Awake
}

// actionGrace is how much longer than its time limit an action may take to be ended.
const actionGrace = 15 * time.Second

// runAction runs a health check's action through the journal.
func (d *Daemon) runAction(ctx context.Context, cmd string, timeoutSec int) error {
	id := fmt.Sprintf("health-action-%d", time.Now().UnixNano())
	if _, err := d.journal.Launch(ctx, id, api.Command{Cmd: cmd, TimeoutSec: timeoutSec, Label: "health check action"}); err != nil {
		return err
	}
	st, err := d.journal.Attach(ctx, id, time.Duration(timeoutSec)*time.Second+actionGrace)
	if err == nil && (st.State != api.StateExited || st.ExitCode != 0) {
		err = fault.New(fault.CommandFailed, "%s: %s, exit code %d: %s", id, st.State, st.ExitCode, st.LastLine)
	}
	return err
}

// listenAgain is how long a metadata address that cannot be served is left alone.
const listenAgain = time.Minute

// serveMetadata serves one address for as long as the agent runs. An address that cannot be had is a warning: scripts
// that ask for metadata fail then, everything else works.
func (d *Daemon) serveMetadata(ctx context.Context, addr string) {
	for {
		err := d.tree.Serve(ctx, addr, d.log)
		if ctx.Err() != nil {
			return
		}
		d.log.Warn("metadata HTTP", "address", addr, "error", err)
		d.listenWarning(addr, err.Error())
		if fault.Is(err, fault.Invalid) {
			return
		}
		pause(ctx, listenAgain)
		d.listenWarning(addr, "")
	}
}

func (d *Daemon) listenWarning(addr, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.noteFailing(failing(d.saved.Warnings, d.listen))
	d.listen = slices.DeleteFunc(d.listen, func(w api.Warning) bool { return w.Resource == addr })
	if text != "" {
		d.listen = append(d.listen, api.Warning{Resource: addr, What: "listen", Message: text})
	}
}
