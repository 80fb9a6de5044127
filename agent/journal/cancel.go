package journal

import (
	"context"
	"os"
	"syscall"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Cancel ends the command's process group (TERM, its grace, KILL) and waits up to wait for that. A command that has
// ended stays as it was; one that was planned and never started ends as cancelled; one that is not known is NotFound,
// and ends as cancelled if it is launched later; one in state unknown is ended if its
// group can still be told apart from a stranger's, and stays unknown.
func (j *Journal) Cancel(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	if err := checkID(id); err != nil {
		return api.CommandStatus{}, err
	}
	if err := j.cancel(id); err != nil {
		return api.CommandStatus{}, err
	}
	return j.Attach(ctx, id, wait)
}

func (j *Journal) cancel(id string) error {
	defer j.enter(id)()
	e := j.entry(id)
	p, r, err := e.look()
	if err != nil {
		return err
	}
	switch p {
	case absent:
		// Who was told to begin it may be on his way still. The mark is for the supervisor that comes to it then.
		if err := e.markCancelled(); err != nil {
			return err
		}
		return never(id)
	case exited:
		return nil
	case unknown:
		r.endStray()
		return nil
	}
	// The mark first, for a supervisor that is just about to start; then the wake-up for one that runs. It serves no
	// longer than this boot, so it needs no sync.
	marked := e.markCancelled()
	if p == planned {
		if marked != nil {
			return marked
		}
		return e.endPlanned()
	}
	if r.Started != nil {
		r.Started.Supervisor.wake()
	}
	ctl, err := openFIFO(e.path(ctlName), os.O_WRONLY)
	if err != nil {
		return marked // no reader: it ended just now, or is about to look at the mark
	}
	defer ctl.Close()
	_, _ = ctl.Write([]byte{1}) // a full disk has no room for the mark, and this needs none
	return nil
}

func (e entry) markCancelled() error {
	err := os.Mkdir(e.dir, 0o700)
	if err == nil || os.IsExist(err) {
		err = os.WriteFile(e.path(cancelName), nil, 0o600)
	}
	if err != nil {
		return fault.Wrap(err, fault.Internal, "cancel command %s", e.id)
	}
	return nil
}

// endPlanned writes the result of a command that never began, holding the lock so that no supervisor begins it.
func (e entry) endPlanned() error {
	lock, err := takeLock(e.path(recordName))
	if err != nil {
		return broken(e, err)
	}
	if lock == nil {
		return nil // a supervisor was faster: it sees the mark
	}
	defer dropLock(lock)
	r, err := readRecord(lock)
	if err != nil {
		return broken(e, err)
	}
	if r.Started != nil || r.Result != nil {
		return nil
	}
	if err := e.endUnbegun(lock, &r); err != nil {
		return fault.Wrap(err, fault.Internal, "cancel command %s", e.id)
	}
	return nil
}

// endUnbegun makes durable that a command was cancelled before it began.
func (e entry) endUnbegun(lock *os.File, r *record) error {
	end := result{ExitCode: 128 + int(syscall.SIGTERM), Canceled: true, EndedAt: stamp(time.Now())}
	if err := r.addDurable(lock, record{Result: &end}); err != nil {
		return err
	}
	r.release(lock)
	return e.syncNames()
}

// endStray ends the process group of a command that lost its supervisor, if the shell that led it still lives.
func (r record) endStray() {
	g := r.Group
	if g == nil || r.Started.BootID != bootID() || g.Pgid <= 1 {
		return
	}
	if _, ok := g.leader().stat(); !ok {
		return
	}
	endGroup(g.Pgid, api.DefaultGrace*time.Second)
}
