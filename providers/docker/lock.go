package docker

import (
	"context"
	"slices"
	"sync"

	"drover/fault"
)

// held are the ids in use by calls of this process. Names in the engine and contests exclude other workers.
var held = struct {
	sync.Mutex
	by map[string]chan struct{}
}{by: map[string]chan struct{}{}}

// lock locks all ids, in order, so that two calls never wait for each other, and returns the function that unlocks them.
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
				return nil, fault.Wrap(context.Cause(ctx), fault.Unreachable, "provider docker: another call uses %s", id)
			}
		}
	}
	return release, nil
}
