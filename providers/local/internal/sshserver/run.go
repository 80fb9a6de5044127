package sshserver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// run executes a command or a login shell and reports its status.
func (s *session) run(kind, command string) {
	defer s.channel.Close()
	sh := shell()
	argv := []string{sh, "-c", command}
	if kind == "shell" {
		argv = []string{"-" + sh[len("/bin/"):]} // the dash makes it a login shell
	}
	var err error
	if s.term != nil {
		err = s.runInTerminal(sh, argv)
	} else {
		err = s.runWithPipes(sh, argv)
	}
	if err != nil {
		fmt.Fprintf(s.channel.Stderr(), "drover-node: %v\n", err)
		s.sendStatus(255)
	}
}

// start runs the program as leader of a new session and remembers it for signals.
func (s *session) start(sh string, argv []string, files []uintptr, terminal bool) (<-chan syscall.WaitStatus, error) {
	p, err := s.server.procs.Start(sh, argv, &syscall.ProcAttr{
		Dir: "/root", Env: s.env, Files: files,
		Sys: &syscall.SysProcAttr{Setsid: true, Setctty: terminal, Ctty: 0},
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", sh, err)
	}
	s.mu.Lock()
	s.pid = p.Pid
	s.mu.Unlock()
	return p.Done, nil
}

// ended forgets the program: its pid may be another process's soon.
func (s *session) ended() {
	s.mu.Lock()
	s.pid = 0
	s.mu.Unlock()
}

// runWithPipes ends with the program, not with its pipes: daemons may hold those for ever.
func (s *session) runWithPipes(sh string, argv []string) error {
	var ours, theirs [3]*os.File
	for i := range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours[:], theirs[:])
			return err
		}
		if i == 0 {
			theirs[i], ours[i] = r, w
		} else {
			ours[i], theirs[i] = r, w
		}
	}
	defer closeAll(ours[:])
	done, err := s.start(sh, argv, []uintptr{theirs[0].Fd(), theirs[1].Fd(), theirs[2].Fd()}, false)
	closeAll(theirs[:])
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(ours[0], s.channel)
		ours[0].Close()
	}()
	var copies sync.WaitGroup
	for i, to := range map[int]io.Writer{1: s.channel, 2: s.channel.Stderr()} {
		copies.Go(func() {
			if _, err := io.Copy(to, ours[i]); errors.Is(err, os.ErrDeadlineExceeded) {
				drain(to, ours[i])
			}
		})
	}
	status := <-done
	s.ended()
	for _, f := range ours[1:] {
		_ = f.SetReadDeadline(time.Unix(1, 0))
	}
	copies.Wait()
	s.report(status)
	return nil
}

// drain copies what is in a pipe now; everything an ended program wrote is.
func drain(to io.Writer, from *os.File) {
	raw, err := from.SyscallConn()
	if err != nil {
		return
	}
	_ = from.SetReadDeadline(time.Time{})
	buffer := make([]byte, 32<<10)
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, err := unix.Read(int(fd), buffer)
			if err == unix.EINTR {
				continue
			}
			if n <= 0 {
				return true
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return true
			}
		}
	})
}

// runInTerminal gives the program a pseudo-terminal.
func (s *session) runInTerminal(sh string, argv []string) error {
	defer s.term.close()
	s.env = append(s.env[:len(s.env):len(s.env)], "TERM="+s.term.name)
	tty := s.term.slave.Fd()
	done, err := s.start(sh, argv, []uintptr{tty, tty, tty}, true)
	s.term.slave.Close()
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(s.term.master, s.channel) }()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		// Ends with EIO when the last user of the terminal is gone, or at the deadline below.
		if _, err := io.Copy(s.channel, s.term.master); errors.Is(err, os.ErrDeadlineExceeded) {
			drain(s.channel, s.term.master)
		}
	}()
	status := <-done
	s.ended()
	_ = s.term.master.SetReadDeadline(time.Unix(1, 0))
	<-copied
	s.report(status)
	return nil
}

func closeAll(groups ...[]*os.File) {
	for _, g := range groups {
		for _, f := range g {
			if f != nil {
				f.Close()
			}
		}
	}
}
