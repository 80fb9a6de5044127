package journal

import (
	"context"
	"os"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Attach reports the state of the command, waiting up to wait for its end. When ctx ends first, so does the wait, with
// ctx's error; the command does not notice. NotFound means that it never began, and launching it is safe.
func (j *Journal) Attach(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	if err := checkID(id); err != nil {
		return api.CommandStatus{}, err
	}
	e := j.entry(id)
	p, st, err := e.status()
	if err == nil && p == running && wait > 0 {
		limited, cancel := bounded(ctx, wait)
		err = e.awaitEnd(limited)
		cancel()
		if cerr := ctx.Err(); cerr != nil {
			return st, cerr
		}
		if err == nil {
			p, st, err = e.status()
		}
	}
	if err == nil && (p == absent || p == planned) {
		err = never(id)
	}
	return st, err
}

// awaitEnd returns when the supervisor has let go of the command, or ctx ends. It costs one file descriptor and no
// thread.
func (e entry) awaitEnd(ctx context.Context) error {
	f, err := openFIFO(e.path(aliveName), os.O_RDONLY)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "wait for command %s", e.id)
	}
	defer f.Close()
	// Looked at after the open: if the lock is held now, the writer is there, and EOF means that it went away.
	if held, err := e.held(); err != nil || !held {
		return err
	}
	stop := context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_, _ = f.Read(make([]byte, 1)) // no process ever writes
	return nil
}
