package remote

import (
	"context"
	"time"
)

// slotHold is the longest time that one handshake keeps a slot. A handshake needs a few milliseconds of CPU; one that
// takes longer waits for its node and needs none.
const slotHold = 250 * time.Millisecond

// dialSlots bounds the concurrent handshakes: 200 key exchanges started together on two cores would all end late, the
// first as late as the last. A node never waits for the answers of another one (S2): TCP connects take no slot, and a
// handshake that stalls releases its slot after slotHold and continues.
type dialSlots chan struct{}

// take waits for a slot and returns the function that releases it, to be called at least once.
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
