package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// The lock is an open-file-description lock: like flock it belongs to the open file and vanishes with its holder, and
// unlike flock it can be looked at without being taken. A probe that took it, even for a moment, could make the
// supervisor that just starts believe that it lost.

func lockRange() *unix.Flock_t {
	return &unix.Flock_t{Type: unix.F_WRLCK, Whence: 0, Start: 0, Len: 0}
}

// takeLock opens the record at path and takes its lock; (nil, nil) when another process holds it. dropLock gives it back,
// as does the end of the process.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, lockRange())
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, nil
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

// dropLock gives the lock back and closes the file; nil is fine. Closing alone is not enough: a process that is being
// started at that moment has a copy of the file until it executes its program, and the lock lives as long as any copy.
func dropLock(f *os.File) {
	if f == nil {
		return
	}
	free := lockRange()
	free.Type = unix.F_UNLCK
	_ = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, free) // what fails here is given back by the close
	f.Close()
}

// lockHeld says whether a process holds the lock of the record.
func lockHeld(f *os.File) (bool, error) {
	l := lockRange()
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, l); err != nil {
		return false, &os.PathError{Op: "query lock", Path: f.Name(), Err: err}
	}
	return l.Type != unix.F_UNLCK, nil
}
