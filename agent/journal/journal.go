package journal

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Options of a Journal.
type Options struct {
	// Dir holds one folder per command; it is made with mode 0700.
	Dir string
	// Supervisor is the command line to which Dir is appended; default: this program, "supervise".
	Supervisor []string
}

// Journal launches commands and reports their state. It holds no state that disk does not hold; any number of
// calls may run at the same time.
type Journal struct {
	dir        string
	supervisor []string
	idle       time.Duration // after which a supervisor without commands is let go

	launched chan struct{} // wakes Guard

	linking sync.Mutex
	linked  *link

	mu sync.Mutex
	// live are the commands that were running or planned when last seen: what Running has to look at.
	live map[string]bool
	busy map[string]*gate
}

// gate lets one call at a time through per id.
type gate struct {
	sync.Mutex
	users int
}

// Open opens the journal, and finds the commands that outlived the agent before this one.
func Open(o Options) (*Journal, error) {
	if len(o.Supervisor) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "find own program file")
		}
		o.Supervisor = []string{self, "supervise"}
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if st, serr := os.Stat(dir); err == nil && serr == nil && st.Mode().Perm() != 0o700 {
		err = os.Chmod(dir, 0o700) // not without need: the disk may be read-only
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "open journal %s", o.Dir)
	}
	j := &Journal{dir: dir, supervisor: o.Supervisor, idle: idleLimit, launched: make(chan struct{}, 1), live: map[string]bool{}, busy: map[string]*gate{}}
	names, err := j.names()
	if err != nil {
		return nil, err
	}
	for _, id := range names {
		if held, err := j.entry(id).held(); err == nil && held {
			j.live[id] = true
		}
	}
	return j, nil
}

// Close hangs up on the supervisor, which ends once its last command has.
func (j *Journal) Close() {
	j.linking.Lock()
	defer j.linking.Unlock()
	if j.linked != nil {
		j.linked.hangUp()
	}
}

// Launch runs c unless something was launched under id before, and returns without waiting for its end. It never runs
// twice under one id: a second Launch only reports the state of the first. Another command text under the same id is a
// Conflict.
func (j *Journal) Launch(ctx context.Context, id string, c api.Command) (api.CommandStatus, error) {
	if err := checkID(id); err != nil {
		return api.CommandStatus{}, err
	}
	if err := checkCommand(id, c); err != nil {
		return api.CommandStatus{}, err
	}
	defer j.enter(id)()
	if err := ctx.Err(); err != nil {
		return api.CommandStatus{}, fault.Wrap(err, fault.Unreachable, "launch %s", id)
	}
	e := j.entry(id)
	p, r, err := e.look()
	st := e.describe(p, r)
	if err != nil {
		return st, err
	}
	if p == absent || p == planned {
		if err := fresh(id, c.AsOf); err != nil {
			return st, err
		}
	}
	by := beginBy(c.AsOf)
	c.AsOf = ""
	if p == absent {
		if err := e.plan(c); err != nil {
			return st, j.notBegun(id, err)
		}
		// Another process may have been first.
		if p, r, err = e.look(); err != nil {
			return st, err
		}
		st = e.describe(p, r)
	}
	if err := e.sameText(r, c); err != nil {
		return st, err
	}
	if p != planned {
		return st, nil
	}
	j.mark(id, true)
	err = j.spawn(e, by)
	select {
	case j.launched <- struct{}{}:
	default:
	}
	p, st, looked := e.status()
	switch {
	case looked != nil:
		return st, looked
	case p == planned && err != nil:
		return st, j.notBegun(id, err)
	case p == planned:
		return st, fault.New(fault.Internal, "command %s did not start", id).WithHint("launching it again is safe")
	}
	return st, nil
}

// sameText refuses to answer for another command than the one asked about, or for that of another run.
func (e entry) sameText(r record, c api.Command) error {
	was := r.Intent
	if was == nil {
		return fault.New(fault.Internal, "command %s is being written down by another agent", e.id).WithHint("launching it again is safe")
	}
	if was.Command.Run != c.Run {
		return fault.New(fault.Conflict, "command id %s was used by run %q at %s, not by run %q", e.id, was.Command.Run, was.CreatedAt, c.Run).
			WithHint("ids name one command for ever; see %s", e.dir)
	}
	if was.Command.Cmd != c.Cmd || !slices.Equal(was.Command.Env, c.Env) {
		return fault.New(fault.Conflict, "command id %s was used for another command text or environment at %s", e.id, was.CreatedAt).
			WithHint("ids name one command for ever; see %s", e.dir)
	}
	return nil
}

// Running lists the ids of the commands that run now, sorted.
func (j *Journal) Running() []string {
	j.mu.Lock()
	ids := make([]string, 0, len(j.live))
	for id := range j.live {
		ids = append(ids, id)
	}
	j.mu.Unlock()
	ids = slices.DeleteFunc(ids, func(id string) bool {
		p, _, err := j.entry(id).look()
		if err == nil && (p == exited || p == unknown) {
			j.mark(id, false)
		}
		return p != running
	})
	sort.Strings(ids)
	return ids
}

func (j *Journal) entry(id string) entry { return entry{id: id, dir: filepath.Join(j.dir, id)} }

// names lists the ids on disk.
func (j *Journal) names() ([]string, error) {
	list, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "read journal %s", j.dir)
	}
	var out []string
	for _, d := range list {
		if d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			out = append(out, d.Name())
		}
	}
	return out, nil
}

func (j *Journal) mark(id string, live bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if live {
		j.live[id] = true
	} else {
		delete(j.live, id)
	}
}

// enter waits for the id's gate and returns what opens it again.
func (j *Journal) enter(id string) (leave func()) {
	j.mu.Lock()
	g := j.busy[id]
	if g == nil {
		g = &gate{}
		j.busy[id] = g
	}
	g.users++
	j.mu.Unlock()
	g.Lock()
	return func() {
		g.Unlock()
		j.mu.Lock()
		if g.users--; g.users == 0 {
			delete(j.busy, id)
		}
		j.mu.Unlock()
	}
}

// never is the fault for an id under which nothing ever ran.
func never(id string) error {
	return fault.New(fault.NotFound, "no command with id %s has been started on this node", id)
}

// bounded gives a context that also ends after wait; a wait of zero or less ends at once.
func bounded(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(wait, 0))
}
