package docker

import (
	"context"
	"slices"
	"sync"

	"drover/fault"
)

// held are the ids that calls of this process work on. Other workers are excluded by the engine's names and by contests.
var held = struct {
	sync.Mutex
	by map[string]chan struct{}
}{by: map[string]chan struct{}{}}

// lock takes all ids, in order, so that two calls never wait for each other, and gives the way to let go of them.
func (p *Provider) lock(ctx context.Context, ids ...string) (release func(), _ error) {
	slices.Sort(ids)
	var mine []string
	release = func() {
		held.Lock()
		defer held.Unlock()
		for _, key := range mine {
			close(held.by[key])
			delete(held.by, key)
		}
	}
	for _, id := range slices.Compact(ids) {
		key := p.engine.DaemonHost() + " " + p.name(id)
		for {
			held.Lock()
			other, busy := held.by[key]
			if !busy {
				held.by[key] = make(chan struct{})
				mine = append(mine, key)
			}
			held.Unlock()
			if !busy {
				break
			}
			select {
			case <-other:
			case <-ctx.Done():
				release()
				return nil, fault.Wrap(context.Cause(ctx), fault.Unreachable, "provider docker: another call works on %s", id)
			}
		}
	}
	return release, nil
}
