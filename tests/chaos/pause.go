package chaos

import (
	"context"
	"errors"
	"time"
)

// A worker that stops in the middle and goes on later believes that it still has its work. The server has given it up by
// then, and had it done again.

// pausedFor is longer than a worker may be silent before another one takes over.
const pausedFor = 15 * time.Second

// pause is a worker that is taken for dead, and replaced. It wakes up while the other one does its work.
func pause(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
	return func(ctx context.Context) error {
		if err := w.stack.ReplaceWorker(ctx); err != nil {
			return err
		}
		ctx, w.wake = context.WithCancel(ctx)
		w.woken = make(chan error, 1)
		go func() {
			_ = sleep(ctx, pausedFor)
			w.woken <- w.stack.ResumeReplaced()
		}()
		return nil
	}, w.stack.PauseWorker()
}

// wakeReplaced lets it wake up after the end of the operation at the latest, and ends it.
func wakeReplaced(ctx context.Context, w *World) error {
	if w.wake == nil {
		return nil
	}
	w.wake()
	err := <-w.woken
	w.wake = nil
	return errors.Join(err, sleep(ctx, 2*time.Second), w.stack.KillReplaced())
}

// stall is a worker that nobody replaces: it finds its own work done anew beside what it was doing.
func stall(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
	return func(ctx context.Context) error {
		return errors.Join(sleep(ctx, pausedFor), w.stack.ResumeWorker())
	}, w.stack.PauseWorker()
}
