package remote

import (
	"context"
	"time"
)

// slotHold is the longest one handshake keeps a slot. A handshake needs a few milliseconds of CPU; one that takes
// longer is waiting for its node and needs none.
const slotHold = 250 * time.Millisecond

// dialSlots bounds handshakes at once: two hundred key exchanges started together on two cores would all end late, the
// first as late as the last. It never makes nodes wait for one another's answers (S2): TCP connects take no slot, and
// a handshake that stalls gives its slot back after slotHold while it goes on.
type dialSlots chan struct{}

// take waits for a slot and returns the function that gives it back, to be called at least once.
func (s dialSlots) take(ctx context.Context) (release func(), err error) {
	select {
	case s <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	timer := time.AfterFunc(slotHold, func() { <-s })
	return func() {
		if timer.Stop() {
			<-s
		}
	}, nil
}
