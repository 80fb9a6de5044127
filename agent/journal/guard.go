package journal

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// guardEvery is the time between two looks at running commands; nothing looks while none runs.
	guardEvery = 2 * time.Second
	// overdue is how much longer than its limit, its grace and a KILL a command is left to its supervisor.
	overdue = 10 * time.Second
	// lockLimit is how long a killed supervisor may take to be gone.
	lockLimit = 5 * time.Second
)

// Guard bounds commands whose supervisor does not, until ctx ends. A supervisor that was stopped is continued. If that
// does not help, because it is frozen, stuck in the kernel or stopped again, Guard ends the command's process group and
// the supervisor, and writes the result in its place. The lock keeps the two apart: it is free when its holder is dead,
// and then the record says whether the supervisor was faster. Other commands of that supervisor become unknown.
//
// A supervisor that has collected its command's exit code is left alone: it alone knows the result, and is writing it.
func (j *Journal) Guard(ctx context.Context, log *slog.Logger) {
	g := &guard{journal: j, log: log, zombies: map[string]time.Time{}, busy: map[string]bool{}}
	defer g.ending.Wait()
	for ctx.Err() == nil {
		running := j.Running()
		maps.DeleteFunc(g.zombies, func(id string, _ time.Time) bool { return !slices.Contains(running, id) })
		for _, id := range running {
			g.watch(ctx, j.entry(id))
		}
		var next <-chan time.Time
		if len(running) > 0 {
			next = time.After(guardEvery)
		}
		select {
		case <-ctx.Done():
		case <-j.launched:
		case <-next:
		}
	}
}

// guard is what Guard remembers from one look to the next.
type guard struct {
	journal *Journal
	log     *slog.Logger
	zombies map[string]time.Time // since when a shell waits for its supervisor, by id
	ending  sync.WaitGroup

	mu   sync.Mutex
	busy map[string]bool // ids that are being ended
}

func (g *guard) watch(ctx context.Context, e entry) {
	p, r, err := e.look()
	if err != nil || p != running || r.Started == nil || r.Started.Supervisor.PID == 0 {
		return
	}
	if r.Started.Supervisor.wake() {
		g.log.Warn("a stopped supervisor was continued", "command", e.id, "process", r.Started.Supervisor.PID)
	}
	end, due := g.due(e, r)
	if !due || !g.begin(e.id) {
		return
	}
	g.ending.Go(func() {
		defer g.done(e.id)
		g.log.Warn("the supervisor of a command does not respond", "command", e.id, "process", r.Started.Supervisor.PID,
			"timed_out", end.TimedOut, "canceled", end.Canceled)
		if err := e.takeOver(ctx, r, end); err != nil {
			g.log.Warn("a command without a responding supervisor was not ended", "command", e.id, "error", err)
		}
	})
}

// due says whether the supervisor had its time, and why the command ends.
func (g *guard) due(e entry, r record) (result, bool) {
	c, patience := r.Intent.Command, afterKill+overdue
	if r.Group != nil {
		shell, ok := r.Group.leader().stat()
		switch {
		case !ok:
			return result{}, false // collected
		case shell.ended():
			if g.zombies[e.id].IsZero() {
				g.zombies[e.id] = time.Now()
			}
			return result{}, time.Since(g.zombies[e.id]) > patience
		}
	}
	patience += grace(c)
	if uptime()-r.Started.Uptime > time.Duration(c.TimeoutSec)*time.Second+patience {
		return result{TimedOut: true}, true
	}
	mark, err := os.Stat(e.path(cancelName))
	return result{Canceled: true}, err == nil && time.Since(mark.ModTime()) > patience
}

func (g *guard) begin(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy[id] {
		return false
	}
	g.busy[id] = true
	return true
}

func (g *guard) done(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.busy, id)
}

// takeOver ends the command and its supervisor and writes the result. A command that began and whose process group was
// not written down yet cannot be ended, and becomes unknown.
func (e entry) takeOver(ctx context.Context, r record, end result) error {
	end.ExitCode, end.StartedAt = 128+int(syscall.SIGKILL), r.Started.StartedAt
	if r.Group != nil {
		leader := r.Group.leader()
		if shell, ok := leader.stat(); ok && !shell.ended() {
			endGroup(leader.PID, grace(r.Intent.Command))
		}
		if shell, ok := leader.stat(); ok && shell.ended() {
			end.ExitCode = codeOf(syscall.WaitStatus(shell.status))
		}
	}
	if ctx.Err() != nil {
		return ctx.Err() // the next agent begins again
	}
	if _, ok := r.Started.Supervisor.stat(); ok {
		_ = unix.Kill(r.Started.Supervisor.PID, unix.SIGKILL)
	}
	lock, err := e.awaitLock()
	if err != nil {
		return err
	}
	defer dropLock(lock)
	if r, err = readRecord(lock); err != nil || r.Result != nil || r.Group == nil {
		return err
	}
	tail, total := readTail(e)
	end.describe(tail, total)
	end.EndedAt = stamp(time.Now())
	if err := r.addDurable(lock, record{Result: &end}); err != nil {
		return err
	}
	r.release(lock)
	return nil
}

// awaitLock takes the lock of a supervisor that is being killed.
func (e entry) awaitLock() (*os.File, error) {
	for deadline := time.Now().Add(lockLimit); ; time.Sleep(groupPoll) {
		lock, err := takeLock(e.path(recordName))
		if lock != nil || err != nil {
			return lock, err
		}
		if time.Now().After(deadline) {
			return nil, &os.PathError{Op: "lock", Path: e.path(recordName), Err: unix.ETIMEDOUT}
		}
	}
}
