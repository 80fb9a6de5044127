package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// A death at a random time: after a share of the time that the operation takes undisturbed.

// dwell is how long commands stay at their gates in that case, so that they are a part of the time.
const dwell = 300 * time.Millisecond

// Known is the result of an undisturbed run of an operation.
type Known struct {
	Moments []Moment
	Took    time.Duration // without the time of its commands at their gates
}

// anytime is the time of an operation whose commands dwell.
func (k Known) anytime() time.Duration {
	took := k.Took
	for _, m := range k.Moments {
		if m.Phase == Command {
			took += dwell
		}
	}
	return took
}

// Any adds cases at any time, drawn by a seed.
func (m *Matrix) Any(n int, seed uint64, known map[string]Known, wanted func(Case) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	draw := rand.New(rand.NewPCG(seed, 1))
	var possible []Case
	for _, k := range kills {
		for _, o := range life {
			if c := (Case{Operation: o.name, Kill: k.name}); o.stands(&k, Moment{Phase: Any}) && wanted(c) && known[o.name].Took > 0 {
				possible = append(possible, c)
			}
		}
	}
	for range n {
		if len(possible) == 0 {
			return
		}
		c := possible[draw.IntN(len(possible))]
		c.Moment = Moment{Phase: Any, Share: draw.Float64(), Time: known[c.Operation].anytime()}
		m.cases = append(m.cases, c)
	}
}

// anytime strikes when the share has passed. The result waits until the dead component is back, or drops the strike if
// the operation has ended before.
func (d *death) anytime() (settle func()) {
	if d.at.Phase != Any {
		return func() {}
	}
	ctx, drop := context.WithCancel(d.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if sleep(ctx, time.Duration(d.at.Share*float64(d.at.Time))) != nil {
			return
		}
		d.mu.Lock()
		d.struck = true
		d.mu.Unlock()
		back, err := d.kill.now(d.ctx, d.cluster.world, d.cluster)
		d.bring(back, err)
	}()
	return func() {
		drop()
		<-done
	}
}

// dwelled reports whether a command has been at its gate for long enough. The caller holds the lock.
func (d *death) dwelled(run string) bool {
	since, stands := d.stood[run]
	if !stands {
		since = time.Now()
		d.stood[run] = since
	}
	return time.Since(since) >= dwell
}
