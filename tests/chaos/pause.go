package chaos

import (
	"context"
	"errors"
	"time"
)

// A worker that stops in the middle and continues later acts as if it still had its tasks. The server has already timed
// them out and assigned them again.

// pausedFor is longer than the heartbeat timeout after which another worker takes over.
const pausedFor = 15 * time.Second

// pause stops a worker, which is replaced as if it were dead. It resumes while the other one does its work.
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

// wakeReplaced resumes it after the end of the operation at the latest, and ends it.
func wakeReplaced(ctx context.Context, w *World) error {
	if w.wake == nil {
		return nil
	}
	w.wake()
	err := <-w.woken
	w.wake = nil
	return errors.Join(err, sleep(ctx, 2*time.Second), w.stack.KillReplaced())
}

// stall stops a worker without a replacement: its own tasks are assigned to it again while it still runs them.
func stall(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
	return func(ctx context.Context) error {
		return errors.Join(sleep(ctx, pausedFor), w.stack.ResumeWorker())
	}, w.stack.PauseWorker()
}
