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
	"drover/lifecycle"
)

// A worker that is stopped, cut off or slow believes that it still has its work, when the server has given the attempt up
// long ago: another one did the same, or the operation was cancelled and undone. What it then begins on a node
// whose journal does not know it, runs a second time, or after the end; what it then does to machines, it does to those
// of a later step or operation. So the server is asked in the moment before.

// askWithin is how long the server may take to say that the attempt goes on.
const askWithin = 5 * time.Second

// wanted asks the server whether this attempt of the activity goes on. An error means that its commands must not begin;
// it is retryable when nobody answered.
func (a *Nodes) wanted(t teller) func(context.Context) error {
	return func(ctx context.Context) error {
		err := a.asks(ctx, t)
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

// ours asks the server whether this attempt still is the one that does the activity's work. An error means that nothing
// may be done any more; it is retryable when nobody answered. A cancelled activity is still ours: what a cancel means for
// machines, the provider's call hears from its context.
func (d Dependencies) ours(ctx context.Context, t teller) error {
	err := d.asks(ctx, t)
	var gone *serviceerror.NotFound
	switch {
	case err == nil, temporal.IsCanceledError(err):
		return nil
	case errors.As(err, &gone):
		return fault.Wrap(err, fault.Conflict, "this attempt is over, it does nothing more")
	}
	return fault.Wrap(err, fault.Unreachable, "Temporal does not say whether this attempt goes on")
}

// updateOurs is update for what an attempt found out about machines: between reading the record and writing it the server
// is asked, so that an attempt which was held up never puts what was over what is.
func (d Dependencies) updateOurs(ctx context.Context, clusterID string, change func(*lifecycle.Record) error) (*lifecycle.Record, error) {
	return d.update(ctx, clusterID, func(rec *lifecycle.Record) error {
		if err := d.ours(ctx, nobody()); err != nil {
			return err
		}
		return change(rec)
	})
}

// asks puts the question of one of an activity's nodes; without a server, everything goes on.
func (d Dependencies) asks(ctx context.Context, t teller) error {
	if d.Temporal == nil || !activity.IsActivity(ctx) {
		return nil
	}
	return t.board.wanted.ask(func() error {
		ctx, stop := context.WithTimeout(ctx, askWithin)
		defer stop()
		return d.Temporal.RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, t.board.snapshot())
	})
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
