package engine

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// endTime is how long a daemon may take to put things in order.
const endTime = 30 * time.Second

// daemon is a child that runs.
type daemon struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func startDaemon(logFile, program string, args ...string) (*daemon, error) {
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	d := &daemon{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = out, out
	// A session of its own: a Ctrl-C at the test must leave it up for the test's own clearing.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() { defer close(d.ended); _ = d.cmd.Wait() }()
	return d, nil
}

// end signals the daemon, unless it has ended, and waits until it is gone.
func (d *daemon) end(signal os.Signal) {
	_ = d.cmd.Process.Signal(signal) // does nothing once it was waited for
	select {
	case <-d.ended:
	case <-time.After(endTime):
		_ = d.cmd.Process.Kill()
		<-d.ended
	}
}
