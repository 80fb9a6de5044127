package local

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"drover/fault"
)

// locks are held file locks. They exclude other goroutines and other workers alike, and vanish with their holder.
type locks []*os.File

// lock takes the locks of all ids, in order, so that two calls never wait for each other.
func (p *Provider) lock(ctx context.Context, ids ...string) (locks, error) {
	slices.Sort(ids)
	var held locks
	for _, id := range slices.Compact(ids) {
		f, err := lockFile(ctx, p.path("locks", id))
		if err != nil {
			held.release()
			return nil, err
		}
		held = append(held, f)
	}
	return held, nil
}

// release removes the lock files as well. Closing, not unlocking: a booting node may hold a copy a moment longer.
func (l locks) release() {
	for _, f := range l {
		os.Remove(f.Name())
		f.Close()
	}
}

func lockFile(ctx context.Context, name string) (*os.File, error) {
	wait := time.Millisecond
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, ioFault(err, "open lock")
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && current(f) {
			return f, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, ioFault(err, "lock %s", name)
		}
		if err == nil {
			continue // its last holder removed it: lock the new one
		}
		select {
		case <-ctx.Done():
			return nil, fault.Wrap(context.Cause(ctx), fault.Unreachable, "provider local: another call holds %s", name)
		case <-time.After(wait):
		}
		wait = min(2*wait, 50*time.Millisecond)
	}
}

// current says whether the locked file still is the one by that name.
func current(f *os.File) bool {
	mine, err1 := f.Stat()
	there, err2 := os.Stat(f.Name())
	return err1 == nil && err2 == nil && os.SameFile(mine, there)
}
