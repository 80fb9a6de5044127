package client

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"

	"drover/fault"
	"drover/workflows/api"
)

// Sight is what can be seen of a running operation at one moment.
type Sight struct {
	Operation Operation
	// Note says in one sentence what is out of order while looking: no worker answers, Temporal does not answer.
	Note string
}

// silence is how long a listed worker may be quiet before a Note says so.
const silence = 5 * time.Second

// Follow watches the operation run under workflowID until it ends and shows every sight on the way, the last one with
// the final progress. The error is a *Failed when the operation did not succeed; ctx.Err() when the caller stopped
// looking, which leaves the operation alone.
func (c *Client) Follow(ctx context.Context, workflowID, firstRunID string, show func(Sight)) (*Operation, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	var result api.OperationResult
	done := make(chan error, 1)
	go func() { done <- c.result(ctx, workflowID, firstRunID, &result) }()

	w := newWatcher(c, workflowID, firstRunID)
	sights := make(chan Sight)
	watchCtx, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	go w.watch(watchCtx, sights)

	// Sights repeat at the pace of polling although nothing new was seen: elapsed times advance.
	ticker := time.NewTicker(c.poll())
	defer ticker.Stop()
	var last Sight
	for {
		select {
		case last = <-sights:
			show(last)
		case <-ticker.C:
			if last.Operation.Type != "" {
				show(last)
			}
		case err := <-done:
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil && !ended(err) {
				f := fault.Wrap(err, fault.Unreachable, "lost the connection while following %s", workflowID)
				return nil, f.WithHint("resume with: drover watch; the operation continues")
			}
			stopWatching()
			return c.final(ctx, w, &result, err, show)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// result waits for the end of a workflow. The SDK gives one question up that a restart of the server swallowed, after
// about a minute, and nothing is known then: it is asked again.
func (c *Client) result(ctx context.Context, workflowID, firstRunID string, result any) error {
	for {
		err := c.Temporal.GetWorkflow(ctx, workflowID, firstRunID).Get(ctx, result)
		if err == nil || ctx.Err() != nil || ended(err) || serviceerror.ToStatus(err).Code() != codes.DeadlineExceeded {
			return err
		}
	}
}

// final takes a last look, now that the operation has ended, and reports its result.
func (c *Client) final(ctx context.Context, w *watcher, result *api.OperationResult, end error, show func(Sight)) (*Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	sight := w.look(ctx)
	op := sight.Operation
	op.close(result, end)
	if op.EndedAt.IsZero() {
		op.EndedAt = c.Now()
	}
	show(Sight{Operation: op})
	return &op, op.Failed()
}

// ended says whether err is how a workflow ended, not how asking for it failed.
func ended(err error) bool {
	var e *temporal.WorkflowExecutionError
	return errors.As(err, &e) || temporal.IsApplicationError(err) || temporal.IsCanceledError(err) ||
		temporal.IsTerminatedError(err) || temporal.IsTimeoutError(err)
}

// note words the silence of workers. The words stay the same while the silence lasts.
func (c *Client) note(ctx context.Context, answered time.Time) string {
	const goesOn = "the operation resumes when a worker returns"
	if fault.Is(c.NeedWorker(ctx), fault.Unreachable) {
		return "no worker responds; " + goesOn
	}
	if c.Now().Sub(answered) > silence {
		return "a worker is listed but does not respond; " + goesOn
	}
	return ""
}
