package journal

import (
	"context"
	"os"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Cancel ends the command's process group (TERM, its grace, KILL) and waits up to wait for that. A command that has
// ended stays as it was; one that was planned and never started ends as cancelled; one in state unknown is ended if its
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
	p, err := e.phase()
	if err != nil {
		return broken(e, err)
	}
	switch p {
	case absent:
		return never(id)
	case exited:
		return nil
	case unknown:
		e.endStray()
		return nil
	}
	// The mark first, for a supervisor that is just about to start; then the wake-up for one that runs.
	if err := writeDurable(e.dir, cancelName, stamp(time.Now())); err != nil {
		return fault.Wrap(err, fault.Internal, "cancel command %s", id)
	}
	if p == planned {
		return e.endPlanned()
	}
	ctl, err := openFIFO(e.path(ctlName), os.O_WRONLY)
	if err != nil {
		return nil // no reader: it ended just now
	}
	defer ctl.Close()
	_, _ = ctl.Write([]byte{1})
	return nil
}

// endPlanned writes the result of a command that never began, holding the lock so that no supervisor begins it.
func (e entry) endPlanned() error {
	lock, err := takeLock(e.path(lockName))
	if err != nil {
		return broken(e, err)
	}
	if lock == nil {
		return nil // a supervisor was faster: it sees the mark
	}
	defer lock.Close()
	if e.has(startedName) || e.has(resultName) {
		return nil
	}
	if err := writeDurable(e.dir, resultName, canceledBeforeStart()); err != nil {
		return fault.Wrap(err, fault.Internal, "cancel command %s", e.id)
	}
	return nil
}

// endStray ends the process group of a command that lost its supervisor, if the shell that led it still lives.
func (e entry) endStray() {
	var g group
	if ok, err := readJSON(e.dir, groupName, &g); !ok || err != nil || g.BootID != bootID() || g.Pgid <= 1 {
		return
	}
	if st, err := readStat(g.Pgid); err != nil || st.startTicks != g.StartTicks {
		return
	}
	endGroup(g.Pgid, api.DefaultGrace*time.Second)
}
