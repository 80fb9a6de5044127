package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// readyWithin is how long a server may take until it answers.
const readyWithin = 60 * time.Second

// stopWithin is how long a server may take to end after TERM; then it is killed.
const stopWithin = 40 * time.Second

// process is one server: its own process group, its output in a log file, its id in a pid file.
type process struct {
	name, path string
	args, env  []string
	address    string // for people
	ready      func(context.Context) error
	logPath    string
	pidPath    string

	cmd   *exec.Cmd
	ended chan struct{}
	err   error
}

func (s *Stack) process(name, path string, args []string, address string, ready func(context.Context) error) *process {
	return &process{
		name: name, path: path, args: args, address: address, ready: ready,
		logPath: s.LogFile(name), pidPath: filepath.Join(s.pidDir(), name),
	}
}

func (p *process) start() error {
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(os.Environ(), p.env...)
	// A session of its own: Ctrl-C at the terminal must reach the program that owns the stack, not its servers, and
	// closing the terminal must not end them.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.ended = make(chan struct{})
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return writePid(p.pidPath, p.cmd.Process.Pid)
}

// waitReady asks until the server answers; one that ends instead shows the end of its log.
func (p *process) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		try, done := context.WithTimeout(ctx, 2*time.Second)
		err := p.ready(try)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended (%v); the end of %s:\n%s", p.name, p.err, p.logPath, logTail(p.logPath))
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer within %s: %w; the end of %s:\n%s", p.name, readyWithin, err, p.logPath, logTail(p.logPath))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// kill ends the process at once.
func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	return errors.Join(err, os.Remove(p.pidPath))
}

// stop asks the process to end and kills it when it takes too long.
func (p *process) stop() error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return os.Remove(p.pidPath)
	case <-time.After(stopWithin):
		return errors.Join(fmt.Errorf("%s did not end within %s and was killed", p.name, stopWithin), p.kill())
	}
}

func (p *process) running() bool {
	if p.cmd == nil || p.ended == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// LogTail is the end of what a server wrote.
func (s *Stack) LogTail(name string) string { return logTail(s.LogFile(name)) }

func logTail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// writePid keeps a process's id and start time: an id alone may have been given to somebody else since.
func writePid(path string, pid int) error {
	started, err := startTime(pid)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(fmt.Sprintf("%d %s\n", pid, started)), 0o600)
}

// startTime is field 22 of /proc/PID/stat, in clock ticks since boot.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The name in parentheses may hold spaces; fields count from behind it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("/proc/%d/stat is not as expected", pid)
	}
	return string(fields[19]), nil
}

// end terminates a process that is not our child and waits until it is gone.
func end(pid int, started string) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	deadline := time.Now().Add(stopWithin)
	for {
		if now, err := startTime(pid); err != nil || now != started || isZombie(pid) {
			return nil
		}
		if time.Now().After(deadline) {
			return syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}
