package chaos

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"drover/workflows/api"
)

// death kills at a moment, once, and measures the recovery.
type death struct {
	ctx     context.Context
	cluster *cluster
	op      operation
	kill    *kill // nil: no fault
	at      Moment

	planned  *api.Plan
	answered string         // the operator's answer to the hold
	lost     map[string]int // additional runs of commands after the operator's answer
	back     chan struct{}  // closed when the dead component is back

	mu       sync.Mutex
	seen     []Moment
	open     map[string]bool      // activities that are scheduled and have not ended
	stood    map[string]time.Time // when commands came to their gates; Any only
	began    map[string]bool      // nodes whose commands of the moment's activity are at their gates
	run      client.WorkflowRun   // after the start of the operation
	first    map[string]string    // by node, the run of the service that fails or is cancelled there
	lostRuns map[string]bool      // by "node run", runs that were lost in a power loss of their node
	turned   bool                 // the operation undoes: its command fails, or it was cancelled
	struck   bool
	dead     bool      // after struck
	restored time.Time // when the dead component was back
	next     time.Time // when the first activity ended after that
	err      error
}

func newDeath(ctx context.Context, c *cluster, o operation, k *kill, at Moment) *death {
	return &death{
		ctx: ctx, cluster: c, op: o, kill: k, at: at, lost: map[string]int{}, open: map[string]bool{}, began: map[string]bool{},
		stood: map[string]time.Time{}, first: map[string]string{}, lostRuns: map[string]bool{}, back: make(chan struct{}),
	}
}

func (d *death) moment(e event, phase Phase) Moment {
	return Moment{Activity: e.activity, Phase: phase, Summary: e.summary, Undo: d.turned}
}

// see receives the events of the relay.
func (d *death) see(e event) {
	if e.workflow != api.WorkflowID(d.cluster.id) {
		return
	}
	d.mu.Lock()
	switch e.phase {
	case Before:
		if !slices.ContainsFunc(d.seen, func(m Moment) bool { return m.Activity == e.activity }) {
			d.seen = append(d.seen, d.moment(e, Before), d.moment(e, After))
			if strings.HasSuffix(e.activity, "-RunStage") {
				d.seen = append(d.seen, d.moment(e, Command))
			}
		}
		d.open[e.activity] = true
	case After:
		delete(d.open, e.activity)
		if !d.restored.IsZero() && d.next.IsZero() {
			d.next = time.Now()
		}
	}
	hit := d.kill != nil && !d.struck && e.activity == d.at.Activity && e.phase == d.at.Phase
	d.struck = d.struck || hit
	d.mu.Unlock()
	if !hit {
		return
	}
	back, err := d.kill.now(d.ctx, d.cluster.world, d.cluster)
	if d.kill.first || err != nil {
		d.bring(back, err)
		return
	}
	go d.bring(back, nil)
}

// decide decides whether a command on a node may end, and how.
func (d *death) decide(node, run string) (int, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.Phase == Any {
		return d.end(node, run, d.dwelled(node+" "+run))
	}
	if d.kill == nil || d.at.Phase != Command || !d.open[d.at.Activity] || !d.restored.IsZero() || d.dead && d.meanwhile() {
		return d.end(node, run, true)
	}
	d.began[node+" "+service(run)] = true
	if !d.struck && len(d.began) == d.together() {
		d.struck = true
		go d.strike()
	}
	return d.end(node, run, false)
}

// meanwhile reports whether commands end while the dead component is away: in every second activity they do, in the others
// they run until it is back.
func (d *death) meanwhile() bool {
	number, _, _ := strings.Cut(d.at.Activity, "-")
	n, err := strconv.Atoi(number)
	return !d.kill.first && err == nil && n%2 == 0
}

// together is the number of commands of the moment's activity, from its summary ("init, order 0 on 2 nodes").
func (d *death) together() int {
	words := strings.Fields(d.at.Summary)
	for i, w := range words {
		if w == "nodes" && i > 0 {
			if n, err := expand(words[i-1]); err == nil && len(n) == 1 {
				return n[0]
			}
		}
	}
	return 1
}

// strike kills while commands run.
func (d *death) strike() {
	back, err := d.kill.now(d.ctx, d.cluster.world, d.cluster)
	if d.kill.unknown {
		go d.bring(back, err) // takes the lock
		return
	}
	d.mu.Lock()
	d.dead = true
	d.mu.Unlock()
	d.bring(back, err)
}

// bring brings the dead component back; from then on the operation must continue.
func (d *death) bring(back func(context.Context) error, err error) {
	if back != nil {
		err = errors.Join(err, back(d.ctx))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.restored, d.err = time.Now(), errors.Join(d.err, err)
	close(d.back)
}

// settled waits until the dead component is back: an operation may end earlier, when its result cannot be examined yet.
func (d *death) settled(ctx context.Context) {
	if !d.fired() {
		return
	}
	select {
	case <-d.back:
	case <-ctx.Done():
	}
}

func (d *death) fired() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.struck
}

func (d *death) problem() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// resumedAfter is the time from the return of the dead component until an activity ended; 0 when no further one ended.
func (d *death) resumedAfter() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next.IsZero() {
		return 0
	}
	return d.next.Sub(d.restored)
}

// moments are the moments of this run of the operation at which a component can die.
func (d *death) moments() []Moment {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.seen)
}
