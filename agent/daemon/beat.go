package daemon

import (
	"context"
	"slices"
	"strings"
	"time"

	"drover/agent/api"
	"drover/fault"
	"drover/metadata/pack"
)

const (
	// beatEvery is how often an agent reports without a change; lifecycle.GoneAfter allows for one lost report.
	beatEvery = 10 * time.Second
	// beatSoon is when a report that failed is repeated.
	beatSoon = 2 * time.Second
)

// beats reports the node's state to Consul, at once when its health or its failing templates change.
func (d *Daemon) beats(ctx context.Context) {
	next, failed := time.Duration(0), false
	for ctx.Err() == nil {
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-d.beatNow:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
		err := d.source.Beat(ctx, d.beat(time.Now()))
		next = spread(beatEvery)
		if err != nil && ctx.Err() == nil && !fault.Is(err, fault.NotFound) {
			next = spread(beatSoon)
			if !failed {
				d.log.Warn("the node's state is not reported", "error", err)
			}
		}
		failed = err != nil
	}
}

// kickBeat asks for a report now.
func (d *Daemon) kickBeat() {
	select {
	case d.beatNow <- struct{}{}:
	default: // one is pending already
	}
}

// beat is the node's state in the form of a report.
func (d *Daemon) beat(now time.Time) pack.Beat {
	h := d.health.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	b := pack.Beat{
		At: stamp(now), Health: h.State, Since: stamp(h.Since), Reason: cut(h.Reason), Revision: d.saved.Revision, Version: d.version,
		Failing: failing(d.saved.Warnings, d.listen),
	}
	if len(b.Failing) > 0 {
		b.FailingSince = stamp(d.failingSince)
	}
	return b
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// failing names what fails, without messages: they may have values in them.
func failing(lists ...[]api.Warning) []string {
	var out []string
	for _, w := range slices.Concat(lists...) {
		if text := cut(w.Resource + ": " + w.What); !slices.Contains(out, text) && len(out) < pack.BeatFailing {
			out = append(out, text)
		}
	}
	return out
}

func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), pack.BeatText)], "")
}

// noteFailing keeps since when something fails, and reports a change; d.mu is held.
func (d *Daemon) noteFailing(was []string) {
	now := failing(d.saved.Warnings, d.listen)
	if len(was) == 0 && len(now) > 0 {
		d.failingSince = time.Now()
	}
	if !slices.Equal(was, now) {
		d.kickBeat()
	}
}
