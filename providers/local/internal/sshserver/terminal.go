package sshserver

import (
	"fmt"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal pair.
type terminal struct {
	name          string // TERM
	master, slave *os.File
}

func (s *session) openTerminal(payload []byte) bool {
	var v struct {
		Term          string
		Columns, Rows uint32
		Width, Height uint32
		Modes         string
	}
	if s.term != nil || ssh.Unmarshal(payload, &v) != nil {
		return false
	}
	t, err := newTerminal(v.Term)
	if err != nil {
		return false
	}
	t.setSize(v.Columns, v.Rows)
	s.term = t
	return true
}

func newTerminal(name string) (*terminal, error) {
	// Non-blocking from the start: reads must end at a deadline.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open pseudo-terminal: %w", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		master.Close()
		return nil, fmt.Errorf("unlock pseudo-terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		master.Close()
		return nil, fmt.Errorf("number of pseudo-terminal: %w", err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		master.Close()
		return nil, err
	}
	return &terminal{name: name, master: master, slave: slave}, nil
}

func (t *terminal) resize(payload []byte) bool {
	var v struct{ Columns, Rows, Width, Height uint32 }
	return ssh.Unmarshal(payload, &v) == nil && t.setSize(v.Columns, v.Rows)
}

func (t *terminal) setSize(columns, rows uint32) bool {
	raw, err := t.master.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)})
	})
	return err == nil
}

func (t *terminal) close() {
	t.master.Close()
	t.slave.Close()
}
