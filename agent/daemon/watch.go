package daemon

import (
	"context"
	"sync"
)

// unknownRevision is never a cluster's: a wait for another one than this answers at once.
const unknownRevision = -1

// watch kicks a pass whenever the cluster's revision becomes another one.
func (d *Daemon) watch(ctx context.Context) {
	var wait backoff
	seen, after := int64(unknownRevision), int64(unknownRevision)
	for {
		rev, err := d.source.WaitRevision(ctx, d.cluster, after)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			// Look, instead of waiting for a change, when Consul is back: only an answer shows that it is.
			after = unknownRevision
			d.consulDown(err)
			pause(ctx, wait.next())
			continue
		}
		wait.reset()
		d.consulUp()
		if rev != seen {
			d.kickPass()
		}
		seen, after = rev, rev
	}
}

// links keeps one watch per linked cluster: what a link shows changes without a revision of one's own.
type links struct {
	running map[string]context.CancelFunc
	group   sync.WaitGroup
}

// follow makes the set of watches fit what the last snapshot showed.
func (d *Daemon) follow(ctx context.Context, linked map[string]int64) {
	for id, stop := range d.links.running {
		if _, still := linked[id]; !still {
			stop()
			delete(d.links.running, id)
		}
	}
	for id, rev := range linked {
		if d.links.running[id] != nil {
			continue
		}
		each, stop := context.WithCancel(ctx)
		d.links.running[id] = stop
		d.links.group.Go(func() { d.watchLink(each, id, rev) })
	}
}

func (d *Daemon) watchLink(ctx context.Context, id string, seen int64) {
	var wait backoff
	for {
		rev, err := d.source.WaitRevision(ctx, id, seen)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause(ctx, wait.next()) // the watch of the own cluster shows what is wrong with Consul
		default:
			wait.reset()
			seen = rev
			d.kickPass()
		}
	}
}
