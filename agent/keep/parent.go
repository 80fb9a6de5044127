package keep

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"drover/fault"

	"golang.org/x/sys/unix"
)

// parent keeps the agent by a process of ours that starts it again.
type parent struct{ Node }

// KeepCommand is the subcommand under which drover-agent is that process: `keep PIDFILE PROGRAM ARGUMENTS...`.
const KeepCommand = "keep"

func (p parent) begin(context.Context) (bool, error) {
	pid, err := keeper(p.PidFile)
	if err != nil || pid > 0 {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(p.LogFile), 0o755); err != nil {
		return false, fault.Wrap(err, fault.Internal, "make the agent's log folder")
	}
	out, err := os.OpenFile(p.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return false, fault.Wrap(err, fault.Internal, "open the agent's log")
	}
	defer out.Close()
	cmd := exec.Command(p.Program, append([]string{KeepCommand, p.PidFile}, append(p.runLine(), "--log", p.LogFile)...)...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return false, fault.Wrap(err, fault.Internal, "start the agent's parent process")
	}
	go cmd.Wait() // reaps it, should it end before we do
	return false, nil
}

func (p parent) restart(context.Context) error { return p.signalAgent(syscall.SIGTERM) }

func (p parent) end(ctx context.Context) error {
	pid, err := keeper(p.PidFile)
	if err != nil || pid == 0 {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && err != syscall.ESRCH {
		return fault.Wrap(err, fault.Internal, "end the agent's parent process %d", pid)
	}
	for {
		if now, err := keeper(p.PidFile); err != nil || now != pid {
			return err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return fault.New(fault.Unreachable, "the agent's parent process %d does not end", pid)
		}
	}
}

// keeper is the process that holds the pid file's lock; 0 when no process does.
func keeper(pidFile string) (int, error) {
	f, err := os.OpenFile(pidFile, os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fault.Wrap(err, fault.Internal, "look for the agent's parent process")
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return 0, fault.Wrap(err, fault.Internal, "look for the agent's parent process")
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	b := make([]byte, 32)
	n, _ := f.ReadAt(b, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil || pid <= 1 {
		return 0, fault.New(fault.Internal, "%s is locked and holds no process id", pidFile).WithHint("run the command again")
	}
	return pid, nil
}

const (
	respawnFirst = 100 * time.Millisecond
	respawnMost  = 10 * time.Second
)

// Keep is the life of the parent process: it runs the command line again and again, until TERM.
func Keep(pidFile string, argv []string) error {
	if err := os.MkdirAll(filepath.Dir(pidFile), 0o755); err != nil {
		return fault.Wrap(err, fault.Internal, "make the folder of %s", pidFile)
	}
	lock, err := os.OpenFile(pidFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "open %s", pidFile)
	}
	defer lock.Close()
	err = unix.FcntlFlock(lock.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if errors.Is(err, unix.EAGAIN) {
		return nil // another one was faster
	}
	if err == nil {
		_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n                "), 0)
	}
	if err != nil {
		return fault.Wrap(err, fault.Internal, "lock %s", pidFile)
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM, syscall.SIGINT)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	wait := respawnFirst
	for {
		began := time.Now()
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		ended := make(chan error, 1)
		if err := cmd.Start(); err != nil {
			ended <- err
		} else {
			go func() { ended <- cmd.Wait() }()
		}
		for running := true; running; {
			select {
			case <-term:
				if cmd.Process != nil {
					cmd.Process.Signal(syscall.SIGTERM)
					<-ended
				}
				return nil
			case <-hup:
				if cmd.Process != nil {
					cmd.Process.Signal(syscall.SIGHUP)
				}
			case <-ended:
				running = false
			}
		}
		if time.Since(began) > respawnMost {
			wait = respawnFirst
		}
		select {
		case <-term:
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, respawnMost)
	}
}
