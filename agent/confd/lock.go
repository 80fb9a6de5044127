package confd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockFolder takes the lock on the configuration folder, which every process that stages files from it holds while it
// does so: the agent and `render --once` may meet on a node. A folder that is missing or cannot be locked stops neither.
func lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	folder, err := os.Open(dir)
	if err != nil {
		return func() {}, nil
	}
	for {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil, !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return func() { _ = folder.Close() }, nil
		}
		select {
		case <-ctx.Done():
			_ = folder.Close()
			return nil, fmt.Errorf("another process is applying %s: %w", dir, context.Cause(ctx))
		case <-time.After(25 * time.Millisecond):
		}
	}
}
