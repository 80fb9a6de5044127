package activities

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
)

// A worker that is stopped, cut off or slow believes that it still has its work, when the server has given the attempt up
// long ago: another one did the same, or the operation was cancelled and undone. What it then begins on a node
// whose journal does not know it, runs a second time, or after the end. So the server is asked in the moment before.

// askWithin is how long the server may take to say that the attempt goes on.
const askWithin = 5 * time.Second

// wanted asks the server whether this attempt of the activity goes on. An error means that its commands must not begin;
// it is retryable when nobody answered.
func (a *Nodes) wanted(t teller) func(context.Context) error {
	return func(ctx context.Context) error {
		if a.Temporal == nil || !activity.IsActivity(ctx) {
			return nil
		}
		err := t.board.wanted.ask(func() error {
			ctx, stop := context.WithTimeout(ctx, askWithin)
			defer stop()
			return a.Temporal.RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, t.board.snapshot())
		})
		var gone *serviceerror.NotFound
		switch {
		case err == nil:
			return nil
		case errors.As(err, &gone), temporal.IsCanceledError(err):
			<-ctx.Done() // the SDK hears the same at its next heartbeat, and says what it means for the whole activity
			return fault.Wrap(err, fault.Conflict, "this attempt is over, it begins no more commands")
		}
		return fault.Wrap(err, fault.Unreachable, "Temporal does not say whether the command is still wanted")
	}
}

// question is one that many nodes ask at the same time. Who asks gets an answer to a question that was put after he
// asked; those who wait while one is put share the next.
type question struct {
	put  atomic.Int64
	mu   sync.Mutex
	last error // the answer to the newest; after mu
}

func (q *question) ask(put func() error) error {
	before := q.put.Load()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.put.Load() == before {
		q.put.Add(1)
		q.last = put()
	}
	return q.last
}
