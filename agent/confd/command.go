package confd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"drover/agent/api"
)

// Command is one check_cmd or reload_cmd to run.
type Command struct {
	// Kind is "check" or "reload"; Resource the file of conf.d that asks for it.
	Kind     string
	Resource string
	Line     string
	Timeout  time.Duration
	// Output receives what the command printed, at most the last 64 KiB, before Run returns.
	Output io.Writer
}

// Runner runs commands. Run returns nil when the command ended with exit code 0, else an error saying how it ended.
type Runner interface {
	Run(ctx context.Context, c Command) error
}

// DefaultTimeout is the time limit of a command whose resource sets none.
const DefaultTimeout = api.PassCommandLimit

const (
	maxOutput     = 64 << 10
	maxCommandLog = 8 << 20
)

// Shell runs commands with /bin/sh -c in a process group of their own, in "/", with stdin from /dev/null.
//
// The command writes straight into a file and not into a pipe: so the end of the shell is the end of the command, and a
// daemon that it leaves behind neither holds up the pass nor dies of a closed pipe later.
type Shell struct {
	// Log is a file that collects all output (0600, emptied when it has grown beyond 8 MiB). Empty: a nameless
	// temporary file for each command.
	Log string
	// Grace is the time between TERM and KILL when the time is up; 0 means 10 s.
	Grace time.Duration
}

// Run implements Runner.
func (s Shell) Run(ctx context.Context, c Command) error {
	out, err := s.open()
	if err != nil {
		return fmt.Errorf("cannot open a file for the command's output: %w", err)
	}
	defer out.Close()
	if s.Log != "" {
		fmt.Fprintf(out, "--- %s %s %s: %s\n", time.Now().UTC().Format(time.RFC3339), c.Kind, c.Resource, c.Line)
	}
	start, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}

	cmd := exec.Command("/bin/sh", "-c", c.Line)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getenv("PATH") == "" {
		cmd.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case err = <-ended:
		err = inWords(err)
	case <-timer.C:
		s.end(cmd.Process.Pid, ended)
		err = fmt.Errorf("timed out after %s", timeout)
	case <-ctx.Done():
		s.end(cmd.Process.Pid, ended)
		err = fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	if c.Output != nil {
		copyTail(c.Output, out, start)
	}
	return err
}

// open gives the file for output, in append mode so that a process that still writes to it never overwrites anything.
func (s Shell) open() (*os.File, error) {
	if s.Log == "" {
		file, err := os.CreateTemp("", "drover-confd-*")
		if err == nil {
			err = os.Remove(file.Name())
		}
		return file, err
	}
	file, err := os.OpenFile(s.Log, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Size() > maxCommandLog {
		_ = file.Truncate(0)
	}
	return file, nil
}

// end stops a process group: TERM, grace, KILL. It returns when the shell is gone and nothing of the group is left or
// the grace is over.
func (s Shell) end(group int, ended <-chan error) {
	grace := s.Grace
	if grace <= 0 {
		grace = 10 * time.Second
	}
	_ = syscall.Kill(-group, syscall.SIGTERM)
	deadline := time.After(grace)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	shellGone := false
	for {
		select {
		case <-ended:
			shellGone, ended = true, nil
		case <-poll.C:
			if shellGone && errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) {
				return
			}
		case <-deadline:
			_ = syscall.Kill(-group, syscall.SIGKILL)
			if !shellGone {
				<-ended
			}
			return
		}
	}
}

func inWords(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("killed by signal %d (%s)", status.Signal(), status.Signal())
	}
	return fmt.Errorf("exit code %d", exit.ExitCode())
}

// copyTail copies what was written from start on, at most the last maxOutput bytes.
func copyTail(to io.Writer, from *os.File, start int64) {
	info, err := from.Stat()
	if err != nil {
		return
	}
	start = min(start, info.Size())
	start = max(start, info.Size()-maxOutput)
	_, _ = io.Copy(to, io.NewSectionReader(from, start, info.Size()-start))
}

// tail keeps the end of what is written to it, for a warning.
type tail struct {
	buf bytes.Buffer
}

// maxTail is how much of a command's output goes into a warning.
const maxTail = 1024

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - maxTail; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(bytes.ToValidUTF8(t.buf.Bytes(), []byte("?"))) }
