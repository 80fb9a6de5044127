package server

import (
	"errors"
	"net"
	"os"
	"path/filepath"

	"drover/fault"

	"golang.org/x/sys/unix"
)

// socket is the listener together with the lock that makes it the only one.
type socket struct {
	net.Listener
	path string
	lock *os.File
}

// Listen opens the unix socket at path for root only. A socket left by a dead agent is replaced; while another agent
// lives, it is a Conflict.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "make the folder of the agent's socket")
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "open the agent's lock")
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fault.New(fault.Conflict, "another drover-agent runs on this node and holds %s.lock", path).
				WithHint("drover-agent status shows it, drover-agent stop ends it")
		}
		return nil, fault.Wrap(err, fault.Internal, "lock %s.lock", path)
	}
	// Made under another name and then moved: no process can connect before the mode is right, and a stale socket is
	// replaced in one step.
	tmp := path + ".new"
	os.Remove(tmp)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: tmp, Net: "unix"})
	if err == nil {
		l.SetUnlinkOnClose(false)
		if err = os.Chmod(tmp, 0o600); err == nil {
			err = os.Rename(tmp, path)
		}
		if err != nil {
			l.Close()
		}
	}
	if err != nil {
		lock.Close()
		return nil, fault.Wrap(err, fault.Internal, "listen on %s", path)
	}
	return &socket{Listener: l, path: path, lock: lock}, nil
}

// Close ends the listening, then lets the next agent in.
func (s *socket) Close() error {
	os.Remove(s.path)
	err := s.Listener.Close()
	// Closing alone would leave it to a child just forked, until its exec.
	_ = unix.Flock(int(s.lock.Fd()), unix.LOCK_UN)
	s.lock.Close()
	return err
}
