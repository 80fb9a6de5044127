package daemon

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/agent/journal"
	"drover/fault"
)

const (
	// resyncEvery is the slow pass that finds drift.
	resyncEvery = 5 * time.Minute
	// confEvery is how often conf.d is looked at for changes.
	confEvery = time.Minute
	// retryPause is the least time between two retries, whatever the engine says.
	retryPause = time.Second
	pruneEvery = 24 * time.Hour
	// supersededAfter is how long a newer revision waits for a check_cmd or reload_cmd of the one before: well below the
	// time limit of a barrier.
	supersededAfter = 2 * time.Minute
	// tidyAfter: reading and rendering a tree leaves garbage that an idle process would keep for hours. Giving it back
	// costs as much as a pass, and right after a revision every node of a machine is in its pass: so a little later.
	tidyAfter = 2 * time.Second
	// passGC is the collector's percentage from a new revision until things are tidied up: at the usual one, half of a
	// pass's processor time would be collections.
	passGC = 400
)

// Engine applies configuration; *confd.Engine is the one.
type Engine interface {
	Apply(ctx context.Context, revision int64, kv map[string]string) (confd.Result, error)
	// Retry is a pass over the revision applied last; Reload is one that reads conf.d again and ignores back-off.
	Retry(ctx context.Context) (confd.Result, error)
	Reload(ctx context.Context) (confd.Result, error)
	// RetryFailed is Retry without back-off.
	RetryFailed(ctx context.Context) (confd.Result, error)
	// Running is the check_cmd or reload_cmd that a pass waits for, and EndCommand ends one that ran before a moment.
	Running() *api.PassCommand
	EndCommand(before time.Time, why error)
	NextRetry() time.Time
	ConfChanged() bool
}

// schedule is when the loop acts by itself. Zero times never come.
type schedule struct {
	resync, conf, prune, tidy time.Time
	usualGC                   int // while tidy is due
	// reread is set while the newest revision could not be read or applied.
	reread time.Time
	ended  time.Time // of the last pass
	wait   backoff   // for reread
}

// view is what was applied last: the same again needs no new tree.
type view struct {
	valid    bool
	revision int64
	linked   map[string]int64
}

// request asks for a pass over what was applied last.
type request struct {
	run  func(context.Context) (confd.Result, error)
	done chan passed
}

type passed struct {
	result confd.Result
	err    error
}

// ask has the passes goroutine run a pass.
func (d *Daemon) ask(ctx context.Context, run func(context.Context) (confd.Result, error)) (confd.Result, error) {
	r := request{run, make(chan passed, 1)}
	select {
	case d.requests <- r:
	case <-ctx.Done():
		return confd.Result{}, ctx.Err()
	}
	select {
	case p := <-r.done:
		return p.result, p.err
	case <-ctx.Done():
		return confd.Result{}, ctx.Err()
	}
}

// passes is the only goroutine that uses the engine.
func (d *Daemon) passes(ctx context.Context) {
	now := time.Now()
	d.plan = schedule{resync: now.Add(spread(resyncEvery)), conf: now.Add(confEvery), prune: now.Add(pruneEvery)}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(time.Until(d.nextTime()))
		select {
		case <-ctx.Done():
		case <-d.kick:
			d.fresh(ctx)
		case r := <-d.requests:
			res, err := d.again(ctx, r.run)
			r.done <- passed{res, err}
		case <-d.hup:
			d.log.Info("reading conf.d again", "reason", "SIGHUP")
			_, _ = d.again(ctx, d.engine.Reload)
		case now := <-timer.C:
			d.tick(ctx, now)
		}
	}
}

// nextTime is the earliest moment something is due.
func (d *Daemon) nextTime() time.Time {
	at := d.plan.conf
	for _, t := range []time.Time{d.plan.resync, d.plan.prune, d.plan.reread, d.plan.tidy, d.retryTime()} {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	return at
}

func (d *Daemon) retryTime() time.Time {
	at := d.engine.NextRetry()
	if soonest := d.plan.ended.Add(retryPause); !at.IsZero() && at.Before(soonest) {
		return soonest
	}
	return at
}

// tick does what is due.
func (d *Daemon) tick(ctx context.Context, now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	if due(d.plan.prune) {
		d.plan.prune = now.Add(pruneEvery)
		if n, err := d.journal.Prune(now, journal.DefaultKeep); err != nil || n > 0 {
			d.log.Info("journal pruned", "removed", n, "error", err)
		}
	}
	if due(d.plan.tidy) {
		d.tidy()
	}
	confDue := due(d.plan.conf)
	if confDue {
		d.plan.conf = now.Add(confEvery)
	}
	switch {
	case due(d.plan.resync) || due(d.plan.reread):
		d.fresh(ctx)
	case due(d.retryTime()):
		_, _ = d.again(ctx, d.engine.Retry)
	case confDue && d.engine.ConfChanged():
		d.log.Info("reading conf.d again", "reason", "it changed")
		_, _ = d.again(ctx, d.engine.Retry)
	}
}

// fresh reads the newest revision and applies it.
func (d *Daemon) fresh(ctx context.Context) {
	d.plan.resync = time.Now().Add(spread(resyncEvery))
	s, err := d.source.Read(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case fault.Is(err, fault.NotFound):
		d.plan.reread = time.Time{} // the watch shows when there is something
		d.plan.wait.reset()
		d.consulUp()
		d.nothingPublished()
		return
	case err != nil:
		d.consulDown(err)
		d.rereadLater()
		if d.applied.valid {
			_, _ = d.again(ctx, d.engine.Retry) // drift can be found without Consul
		}
		return
	}
	d.consulUp()
	d.follow(ctx, s.Linked)
	if d.applied.valid && d.applied.revision == s.Revision && maps.Equal(d.applied.linked, s.Linked) {
		if _, err := d.again(ctx, d.engine.Retry); err == nil {
			d.plan.reread = time.Time{}
			d.plan.wait.reset()
		}
		return
	}
	d.untidy()
	keys := s.Keys()
	d.begin(s.Revision)
	res, err := d.engine.Apply(ctx, s.Revision, keys)
	d.end(ctx, res, err)
	if err == nil {
		d.applied = view{valid: true, revision: s.Revision, linked: s.Linked}
		d.plan.reread = time.Time{}
		d.plan.wait.reset()
	}
	if d.tree != nil {
		d.tree.Set(keys, s.Secrets(), d.rootAccess)
	}
}

// untidy lets garbage grow for the length of a pass and a little longer.
func (d *Daemon) untidy() {
	if d.plan.tidy.IsZero() {
		d.plan.usualGC = debug.SetGCPercent(passGC)
	}
	d.plan.tidy = time.Now().Add(tidyAfter)
}

func (d *Daemon) tidy() {
	d.plan.tidy = time.Time{}
	debug.SetGCPercent(d.plan.usualGC)
	debug.FreeOSMemory()
}

func (d *Daemon) rereadLater() { d.plan.reread = time.Now().Add(d.plan.wait.next()) }

// again is a pass over what was applied last.
func (d *Daemon) again(ctx context.Context, run func(context.Context) (confd.Result, error)) (confd.Result, error) {
	if !d.applied.valid {
		return confd.Result{}, fault.New(fault.NotAllowed, "no revision was applied since the agent started").
			WithHint("%s", d.Status().Waiting)
	}
	d.begin(d.applied.revision)
	res, err := run(ctx)
	d.end(ctx, res, err)
	return res, err
}

func (d *Daemon) end(ctx context.Context, res confd.Result, err error) {
	d.plan.ended = time.Now()
	switch {
	case err == nil:
		d.publish(res)
	case ctx.Err() == nil:
		d.log.Warn("pass failed", "error", err)
		d.rereadLater()
	}
	d.passEnded(err)
}

func (d *Daemon) kickPass() {
	select {
	case d.kick <- struct{}{}:
	default: // one is pending already: it will see this change too
	}
	// A command of the pass before must not cost the next revision its barrier.
	kicked := time.Now()
	time.AfterFunc(supersededAfter, func() {
		d.engine.EndCommand(kicked, fmt.Errorf("a newer revision has waited for it for %s", supersededAfter))
	})
}

func syncResult(s saved) api.SyncResult {
	return api.SyncResult{Revision: s.Revision, Warnings: s.Warnings, Changed: s.Changed}
}
