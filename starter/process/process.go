package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// readyWithin is how long a server may take until it answers.
const readyWithin = 60 * time.Second

// stopWithin is how long a server may take to end after TERM; then it is killed.
const stopWithin = 40 * time.Second

// Process is one server: its own session, its output in a log file, its id in a pid file.
type Process struct {
	Name, Path string
	Args, Env  []string
	Address    string // for people
	Ready      func(context.Context) error
	LogFile    string
	PidFile    string // "" for none
	// DieWithParent has the kernel end the server with the program that started it, however that ends.
	DieWithParent bool
	// Bare keeps the settings of this program's environment from the server: only PATH and the folders of the user are inherited.
	Bare bool

	cmd   *exec.Cmd
	ended chan struct{}
	err   error
}

// Start starts the server without waiting until it answers.
func (p *Process) Start() error {
	log, err := os.OpenFile(p.LogFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.Path, p.Args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(p.inherited(), p.Env...)
	// A session of its own: Ctrl-C at the terminal must reach the program that owns the server, not the server, and
	// closing the terminal must not end it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.DieWithParent {
		p.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	p.ended = make(chan struct{})
	started := make(chan error)
	go func(cmd *exec.Cmd, ended chan struct{}) {
		// The kernel watches the thread that started the process, not the program, so that thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(ended)
	}(p.cmd, p.ended)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	if p.PidFile == "" {
		return nil
	}
	return writePid(p.PidFile, p.Pid())
}

func (p *Process) inherited() []string {
	env := os.Environ()
	if p.Bare {
		env = slices.DeleteFunc(env, func(variable string) bool {
			name, _, _ := strings.Cut(variable, "=")
			return !slices.Contains([]string{"PATH", "HOME", "USER", "TMPDIR", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}, name)
		})
	}
	return env
}

// Pid is the process id of the last start.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the running process.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// WaitReady probes until the server answers; one that ends instead shows the end of its log.
func (p *Process) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		try, done := context.WithTimeout(ctx, 2*time.Second)
		err := p.Ready(try)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended (%v); the end of %s:\n%s", p.Name, p.err, p.LogFile, LogTail(p.LogFile))
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer within %s: %w; the end of %s:\n%s", p.Name, readyWithin, err, p.LogFile, LogTail(p.LogFile))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Kill ends the process at once.
func (p *Process) Kill() error {
	if !p.Running() {
		return nil
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	return errors.Join(err, p.forget())
}

func (p *Process) forget() error {
	if p.PidFile == "" {
		return nil
	}
	return os.Remove(p.PidFile)
}

// Stop asks the process to end and kills it when it takes too long.
func (p *Process) Stop() error {
	if !p.Running() {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return p.forget()
	case <-time.After(stopWithin):
		return errors.Join(fmt.Errorf("%s did not end within %s and was killed", p.Name, stopWithin), p.Kill())
	}
}

// Running reports whether the process has been started and has not ended.
func (p *Process) Running() bool {
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

// LogTail is the end of a log file.
func LogTail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// writePid keeps a process's id and start time: an id alone may have been given to another process since.
func writePid(path string, pid int) error {
	started, err := StartTime(pid)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(fmt.Sprintf("%d %s\n", pid, started)), 0o600)
}

// StartTime is field 22 of /proc/PID/stat, in clock ticks since boot.
func StartTime(pid int) (string, error) {
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

// End terminates a process that is not our child and waits until it is gone.
func End(pid int, started string) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	deadline := time.Now().Add(stopWithin)
	for {
		if now, err := StartTime(pid); err != nil || now != started || IsZombie(pid) {
			return nil
		}
		if time.Now().After(deadline) {
			return syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// IsZombie reports whether a process has ended and was not waited for.
func IsZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

// FreePorts finds free loopback ports, different from each other: the wanted ones (0 for any) where they are free.
func FreePorts(wanted ...int) ([]int, error) {
	ports := make([]int, len(wanted))
	for i, want := range wanted {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", want))
		if err != nil && want != 0 {
			l, err = net.Listen("tcp", "127.0.0.1:0")
		}
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // keeps the ports different from each other
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
