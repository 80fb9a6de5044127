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

// frozenFor is longer than most operations of the harness take: the worker continues after the end of the one that it served.
const frozenFor = time.Minute

// pause stops a worker, which is replaced as if it were dead. It resumes while the other one does its work, or after that.
func pause(length time.Duration) func(context.Context, *World, *cluster) (func(context.Context) error, error) {
	return func(_ context.Context, w *World, _ *cluster) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			if err := w.stack.ReplaceWorker(ctx); err != nil {
				return err
			}
			ctx, w.wake = context.WithCancel(ctx)
			w.woken = make(chan error, 1)
			go func() {
				_ = sleep(ctx, length)
				w.woken <- w.stack.ResumeReplaced()
			}()
			return nil
		}, w.stack.PauseWorker()
	}
}

// thawReplaced waits until a frozen worker has resumed, which may be long after the operation, lets it act, and ends it.
func thawReplaced(ctx context.Context, w *World) error {
	if w.wake == nil {
		return nil
	}
	err := <-w.woken
	w.wake()
	w.wake = nil
	return errors.Join(err, sleep(ctx, 5*time.Second), w.stack.KillReplaced())
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
