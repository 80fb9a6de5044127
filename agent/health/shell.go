package health

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// pathEnv is the usual six directories (S7).
const pathEnv = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// runShell runs cmd like any service command, kills its process group when limit has passed or ctx ends, and returns
// at the exit of the shell. With out, standard output goes there; otherwise all output goes to /dev/null, so that a
// daemon the command may leave behind cannot be hurt by anything here.
func runShell(ctx context.Context, cmd string, limit time.Duration, out *bounded) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", cmd)
	c.Dir = "/"
	c.Env = []string{pathEnv, "HOME=/root", "USER=root", "LOGNAME=root"}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error {
		if err := syscall.Kill(-c.Process.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return os.ErrProcessDone
	}
	if out != nil {
		c.Stdout = out
		c.WaitDelay = 100 * time.Millisecond // the exit counts, not EOF of the pipe
	}
	err := c.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// bounded keeps the first limit bytes and swallows the rest.
type bounded struct {
	kept  []byte
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), b.limit-len(b.kept))]...)
	return len(p), nil
}
