package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/fault"
)

// progress is what Status and Sync read while the loops write; Daemon.mu guards it.
type progress struct {
	saved saved
	// synced is the revision applied by this run, unknownRevision before: what an earlier run applied does not satisfy
	// a barrier, since the node may have been rebooted or restored in between (B2).
	synced  int64
	changed chan struct{} // closed and replaced when a pass was published

	consulOK bool
	// consul and pass are what is wrong, in words: with reaching Consul, and with what was read from it.
	consul   trouble
	pass     trouble
	passing  int64 // revision of the running pass
	passFrom time.Time

	listen []api.Warning // metadata addresses that cannot be served

	failingSince time.Time // of saved.Warnings and listen together
}

// trouble is a sentence and the moment from which it is true.
type trouble struct {
	what  string
	since time.Time
}

// set keeps the first moment of a trouble; an empty sentence ends it.
func (t *trouble) set(what string) {
	if t.what == "" || what == "" {
		t.since = time.Now()
	}
	t.what = what
}

func (t trouble) String() string {
	if t.what == "" {
		return ""
	}
	return fmt.Sprintf("since %s: %s", t.since.UTC().Format(time.RFC3339), t.what)
}

func (d *Daemon) consulDown(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.consulOK || d.consul.what == "" {
		d.log.Warn("Consul cannot be used", "error", err)
	}
	d.consulOK = false
	d.consul.set(err.Error())
}

func (d *Daemon) consulUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.consulOK {
		d.log.Info("Consul answers")
	}
	d.consulOK = true
	d.consul.set("")
}

func (d *Daemon) nothingPublished() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pass.set("no metadata is published for cluster " + d.cluster)
}

func (d *Daemon) begin(revision int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passing, d.passFrom = revision, time.Now()
}

func (d *Daemon) passEnded(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passFrom = time.Time{}
	if err != nil {
		d.pass.set(err.Error())
	} else {
		d.pass.set("")
	}
}

// publish makes a finished pass visible and durable.
func (d *Daemon) publish(res confd.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.saved
	failed := failing(was.Warnings, d.listen)
	now := saved{ClusterID: d.cluster, Revision: res.Revision, Changed: res.Changed, Warnings: res.Warnings}
	if d.synced == res.Revision {
		now.Changed = was.Changed // that of the pass that reached the revision
	}
	d.saved, d.synced = now, res.Revision
	d.noteFailing(failed)
	close(d.changed)
	d.changed = make(chan struct{})
	if now.Revision != was.Revision || now.Changed != was.Changed || !slices.Equal(now.Warnings, was.Warnings) {
		d.log.Info("revision applied", "revision", res.Revision, "changed", res.Changed, "reloads", len(res.Reloaded), "warnings", len(res.Warnings))
		if err := saveState(d.stateFile, now); err != nil {
			d.log.Warn("cannot remember the applied revision", "error", err)
		}
	}
}

// Sync waits until this run of the agent has applied at least the revision.
func (d *Daemon) Sync(ctx context.Context, revision int64) (api.SyncResult, error) {
	for {
		d.mu.Lock()
		res, done, changed := syncResult(d.saved), d.synced >= revision, d.changed
		d.mu.Unlock()
		if done {
			return res, nil
		}
		select {
		case <-ctx.Done():
			return api.SyncResult{}, ctx.Err()
		case <-changed:
		}
	}
}

// Reload reads conf.d again and applies the current revision once more.
func (d *Daemon) Reload(ctx context.Context) (api.SyncResult, error) {
	res, err := d.ask(ctx, d.engine.Reload)
	if err != nil && ctx.Err() == nil {
		err = fault.Wrap(err, fault.Internal, "apply the configuration again")
	}
	if err != nil {
		return api.SyncResult{}, err
	}
	return api.SyncResult{Revision: res.Revision, Warnings: res.Warnings, Changed: res.Changed}, nil
}

// Status says what the agent is doing.
func (d *Daemon) Status() api.Status {
	running := d.journal.Running()
	d.mu.Lock()
	defer d.mu.Unlock()
	return api.Status{
		Version: d.version, ClusterID: d.cluster, NodeID: d.config.NodeID, InstanceID: d.config.InstanceID,
		Revision: d.saved.Revision, ConsulOK: d.consulOK, Waiting: d.waiting(),
		Warnings: slices.Concat(d.saved.Warnings, d.listen),
		Health:   d.health.State(), Running: running, Pass: d.running(), Monitor: d.health.Metrics(), Fingerprint: d.fingerprint,
	}
}

// running is the pass that runs now; d.mu is held.
func (d *Daemon) running() *api.Pass {
	if d.passFrom.IsZero() {
		return nil
	}
	return &api.Pass{Revision: d.passing, Since: d.passFrom.UTC(), Command: d.engine.Running()}
}

// EndPassCommand ends the check_cmd or reload_cmd that the running pass waits for. It counts as failed, and is retried as
// such.
func (d *Daemon) EndPassCommand() {
	d.engine.EndCommand(time.Now(), errEnded)
}

var errEnded = errors.New("the operation that waited for it was cancelled")

// waiting puts into words what keeps a newer revision from being applied; d.mu is held.
func (d *Daemon) waiting() string {
	if !d.passFrom.IsZero() {
		text := fmt.Sprintf("applying revision %d since %s", d.passing, d.passFrom.UTC().Format(time.RFC3339))
		if c := d.engine.Running(); c != nil {
			text += "; it waits for " + c.String()
		}
		return text
	}
	return cmp.Or(d.consul.String(), d.pass.String())
}
