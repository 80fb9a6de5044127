package daemon

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstWait = 250 * time.Millisecond
	longWait  = 8 * time.Second
)

// backoff grows from firstWait to longWait; each wait is drawn between half of it and all of it, so that the agents of a
// large cluster do not come back to Consul at the same moment.
type backoff struct{ wait time.Duration }

func (b *backoff) next() time.Duration {
	if b.wait == 0 {
		b.wait = firstWait
	}
	w := b.wait/2 + rand.N(b.wait/2+1)
	b.wait = min(b.wait*2, longWait)
	return w
}

func (b *backoff) reset() { b.wait = 0 }

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// spread varies an interval by a tenth in both directions.
func spread(d time.Duration) time.Duration { return d - d/10 + rand.N(d/5+1) }
