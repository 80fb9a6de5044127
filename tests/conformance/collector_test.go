package conformance

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"drover/tests/tracer"
)

// together is how long commands of a group wait for each other. Only a broken operation comes near it.
const together = 45 * time.Second

// reloadTime is how long a reload command runs: long enough that a process that does not wait for it is caught.
const reloadTime = 200 * time.Millisecond

// collector hears of every command of every traced application, and decides when and how each ends.
type collector struct {
	// together is how long commands of a group wait for each other.
	together time.Duration

	mu         sync.Mutex
	recordings map[string]*recording // by cluster
	running    map[int]*begun
}

// recording is what one cluster's commands do during one operation.
type recording struct {
	mu     *sync.Mutex
	groups []*group
	at     int // the group that runs
	events []*begun
	// reloads came beside the plan: one per node and revision that changed anything.
	reloads []*begun
	wrong   []string
	// hooks decide what a command prints, and may hold it, by command.
	hooks map[string]hook
	// free lets everything pass: the test is over.
	free bool
}

// hook is called when a command may continue. ctx ends when the command is killed.
type hook func(ctx context.Context, b *begun, a *tracer.Answer)

// begun is a command that began.
type begun struct {
	tracer.Event
	id    int
	rec   *recording
	group *group
	ended bool
}

// label is "role/sid".
func (b *begun) label() string { return b.Role + "/" + b.SID }

func newCollector() *collector {
	return &collector{recordings: map[string]*recording{}, running: map[int]*begun{}, together: together}
}

// record begins to listen to a cluster.
func (c *collector) record(clusterID string) *recording {
	c.mu.Lock()
	defer c.mu.Unlock()
	rec := &recording{mu: &c.mu, hooks: map[string]hook{}}
	c.recordings[clusterID] = rec
	return rec
}

// expect forgets what was and takes the plan of the next operation.
func (rec *recording) expect(groups []*group) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.groups, rec.at, rec.events, rec.reloads, rec.wrong = groups, 0, nil, nil, nil
}

// hook sets what happens when a command may continue; nil is nothing.
func (rec *recording) hook(command string, h hook) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.hooks[command] = h
}

func (rec *recording) letAllPass() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.free = true
	rec.hooks = map[string]hook{}
}

// verdict is what was wrong since expect, what did not happen, and what continues although the operation has ended.
func (rec *recording) verdict() []string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	wrong := slices.Clone(rec.wrong)
	for _, b := range slices.Concat(rec.events, rec.reloads) {
		if !b.ended {
			wrong = append(wrong, fmt.Sprintf("the operation ended while %s on %s was running", b.Command, b.label()))
		}
	}
	for _, g := range rec.groups[rec.at:] {
		wrong = append(wrong, fmt.Sprintf("%s did not run to its end; not begun: %v", g, g.missing()))
	}
	return wrong
}

// ran are the commands since expect, optionally only of one name.
func (rec *recording) ran(command string) []*begun {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var out []*begun
	for _, b := range rec.events {
		if command == "" || b.Command == command {
			out = append(out, b)
		}
	}
	return out
}

// endedBesides says whether all other commands of b's group have ended.
func (rec *recording) endedBesides(b *begun) bool {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return b.group != nil && b.group.ended == len(b.group.members)-1
}

// reloadedBefore are the nodes whose reload began before the first command of that name, sorted, each once.
func (rec *recording) reloadedBefore(command string) string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var out []string
	for _, e := range rec.events {
		if e.Command != command {
			continue
		}
		for _, b := range rec.reloads {
			if b.id < e.id {
				out = append(out, b.label())
			}
		}
		break
	}
	slices.SortFunc(out, byRoleAndSID)
	return strings.Join(slices.Compact(out), " ")
}

// reloaded are the nodes whose reload ran since expect, sorted, once per run.
func (rec *recording) reloaded() string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var out []string
	for _, b := range rec.reloads {
		out = append(out, b.label())
	}
	slices.SortFunc(out, byRoleAndSID)
	return strings.Join(out, " ")
}

// reloadsSeen are the trees reload commands saw since expect, in their order.
func (rec *recording) reloadsSeen() []map[string]string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var out []map[string]string
	for _, b := range rec.reloads {
		out = append(out, b.Seen)
	}
	return out
}

// Begin holds a command until its group has begun.
func (c *collector) Begin(ctx context.Context, id int, e tracer.Event) (answer tracer.Answer, _ error) {
	c.mu.Lock()
	rec := c.recordings[e.Cluster]
	if rec == nil {
		c.mu.Unlock()
		return answer, fmt.Errorf("no test has the cluster %s", e.Cluster)
	}
	b := &begun{Event: e, id: id, rec: rec}
	c.running[b.id] = b
	rec.place(b)
	free := rec.free
	c.mu.Unlock()

	if g := b.group; g != nil && !free {
		answer.Exit = g.exits[b.label()]
		select {
		case <-g.open:
		case <-ctx.Done():
		case <-time.After(c.together):
			c.mu.Lock()
			rec.note(b, "waited for %v to begin at the same time", g.missing())
			c.mu.Unlock()
			answer.Exit, answer.Stderr = 98, "the group did not begin together"
		}
	}
	c.mu.Lock()
	h := rec.hooks[b.Command]
	c.mu.Unlock()
	if h != nil {
		h(ctx, b, &answer)
	}
	if b.Command == tracer.Reload && !free {
		pause(ctx, reloadTime)
	}
	if ctx.Err() != nil {
		c.End(id) // killed
	}
	return answer, nil
}

// pause waits, unless the command is killed.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// place finds the group a command belongs to and checks that it is its turn. The caller holds the lock.
func (rec *recording) place(b *begun) {
	if rec.free {
		return
	}
	if b.Command == tracer.Reload {
		rec.reloads = append(rec.reloads, b)
		return
	}
	rec.events = append(rec.events, b)
	if rec.at >= len(rec.groups) {
		rec.note(b, "was not expected: the operation has run everything")
		return
	}
	g := rec.groups[rec.at]
	if b.Command != g.command || !slices.Contains(g.members, b.label()) {
		rec.note(b, "was not expected: it was the turn of %s, of which %d of %d have ended", g, g.ended, len(g.members))
		return
	}
	if g.begun[b.label()] != nil {
		rec.note(b, "ran twice")
		return
	}
	for _, other := range rec.reloads {
		if !other.ended {
			rec.note(b, "began while reload of %s was running", other.label())
		}
	}
	rec.look(b, g)
	b.group = g
	g.begun[b.label()] = b
	if len(g.begun) == len(g.members) {
		close(g.open)
	}
}

// look compares what a command sees with what it must.
func (rec *recording) look(b *begun, g *group) {
	if seen := sees(b.Seen); seen != g.sees {
		rec.note(b, "sees %q; want %q", seen, g.sees)
	}
	// Port 80 of a node's address, where its metadata is served, takes root.
	if os.Geteuid() == 0 {
		if b.LiveError != "" {
			rec.note(b, "cannot ask for metadata: %s", b.LiveError)
		} else if d := difference(b.Seen, b.Live); d != "" {
			rec.note(b, "is told other things by http://metadata than by its files: %s", d)
		}
	}
	own := strings.TrimSuffix("/hosts/"+b.Role, "/") + "/" + b.Instance + "/"
	for key, value := range b.Seen {
		if field, ok := strings.CutPrefix(key, own); ok && b.Seen["/host/"+field] != value {
			rec.note(b, "is %s=%q by /hosts and %q by /host", field, value, b.Seen["/host/"+field])
		}
	}
	if b.Seen[own+"node_id"] != b.Node {
		rec.note(b, "does not find itself at %s", own)
	}
}

func (rec *recording) note(b *begun, format string, args ...any) {
	rec.wrong = append(rec.wrong, fmt.Sprintf("%s on %s (%s): ", b.Command, b.label(), b.Node)+fmt.Sprintf(format, args...))
}

// End notes that a command has ended.
func (c *collector) End(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.running[id]
	if b == nil || b.ended {
		return
	}
	b.ended = true
	delete(c.running, id)
	g, rec := b.group, b.rec
	if g == nil {
		return
	}
	if g.ended++; g.ended == len(g.members) && rec.at < len(rec.groups) && rec.groups[rec.at] == g {
		rec.at++
	}
}
