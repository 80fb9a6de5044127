// Package attempt answers what an attempt of an activity may still do: whether the server has replaced it, whether the
// activity was cancelled, whether its worker is stopping. It takes no action of its own. The subjects of activities call
// it just before they touch nodes or machines.
//
// A worker that was suspended, partitioned or slow believes that it still has its work when the server has long given
// the attempt up: another attempt did the same, or the operation was cancelled and undone. A command that it then begins
// on a node whose journal does not know it would run twice, or after the end; a change to machines would hit those of a
// later step or operation. So the server is asked immediately before.
package attempt

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/workflows/api"
)

// Server is the part of Temporal's client that answers whether an attempt is current.
type Server interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

// Check asks the server about the attempt that the context belongs to. Without a server every attempt is current.
type Check struct{ Server Server }

// askWithin is how long the server may take to answer.
const askWithin = 5 * time.Second

// StillCurrent fails when the server has given the attempt up: Conflict, and the attempt must change nothing more. When
// the server does not answer it fails with the retryable Unreachable. A cancelled activity is still current: what a
// cancel means for machines, the provider's call learns from its context.
func (c Check) StillCurrent(ctx context.Context, progress fanout.Progress) error {
	err := c.ask(ctx, progress)
	var gone *serviceerror.NotFound
	switch {
	case err == nil, temporal.IsCanceledError(err):
		return nil
	case errors.As(err, &gone):
		return fault.Wrap(err, fault.Conflict, "this attempt is over, it changes nothing more")
	}
	return unanswered(err)
}

// MayBegin gives the question that is asked just before a command begins. It fails like StillCurrent, and also when the
// activity was cancelled.
func (c Check) MayBegin(progress fanout.Progress) func(context.Context) error {
	return func(ctx context.Context) error {
		err := c.ask(ctx, progress)
		var gone *serviceerror.NotFound
		switch {
		case err == nil:
			return nil
		case errors.As(err, &gone), temporal.IsCanceledError(err):
			<-ctx.Done() // the SDK learns the same at its next heartbeat and ends the context with the cause
			return fault.Wrap(err, fault.Conflict, "this attempt is over, it begins no more commands")
		}
		return unanswered(err)
	}
}

func unanswered(err error) error {
	return fault.Wrap(err, fault.Unreachable, "Temporal does not answer whether this attempt is current")
}

func (c Check) ask(ctx context.Context, progress fanout.Progress) error {
	if c.Server == nil || !activity.IsActivity(ctx) {
		return nil
	}
	return progress.Ask(func(beat api.Beat) error {
		beat.Failures = fanout.Failures(ctx)
		ctx, stop := context.WithTimeout(ctx, askWithin)
		defer stop()
		return c.Server.RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, beat)
	})
}

// Last reports whether the failure of this attempt would be the last of so many.
func Last(ctx context.Context, failures int32) bool {
	return !activity.IsActivity(ctx) || fanout.Failures(ctx)+1 >= int(failures)
}

// deaths is how many attempts of an activity may end without an answer, because their worker died, before the activity
// ends without one too. It bounds what an input that crashes workers can do to everything else, and is far above what
// workers that die for reasons of their own need.
const deaths = 50

// Attempts is the number of attempts after which the server gives an activity up that may fail so often.
func Attempts(failures int32) int32 { return failures + deaths }

// OutOfFailures reports whether the failure of this attempt is the last one that Attempts allows.
func OutOfFailures(ctx context.Context) bool {
	policy := activity.GetInfo(ctx).RetryPolicy
	return policy != nil && policy.MaximumAttempts > deaths && Last(ctx, policy.MaximumAttempts-deaths)
}

// Canceled reports whether the activity was truly cancelled, as opposed to paused, reset, or released by a stopping
// worker.
func Canceled(ctx context.Context) bool {
	return ctx.Err() != nil && temporal.IsCanceledError(context.Cause(ctx))
}

// UntilStopping ends the returned context when the worker begins to stop: what runs on nodes continues there, and the
// next worker attaches to it.
func UntilStopping(ctx context.Context) (context.Context, context.CancelFunc) {
	if !activity.IsActivity(ctx) {
		return context.WithCancel(ctx)
	}
	stopping := activity.GetWorkerStopChannel(ctx)
	out, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-stopping:
			cancel(errStopping)
		case <-out.Done():
		}
	}()
	return out, func() { cancel(context.Canceled) }
}

var errStopping = errors.New("the worker is stopping")
