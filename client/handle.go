package client

import (
	"context"
	"iter"

	"drover/fault"
	"drover/workflows/api"
)

// Handle is a started operation. It stays valid when the operation continues as a new run, and after its end.
type Handle struct {
	Started
	client *Client
}

func (c *Client) handle(s *Started) *Handle {
	if s == nil {
		return nil
	}
	return &Handle{Started: *s, client: c}
}

// Operation is the handle of the operation that began as the run on the cluster.
func (c *Client) Operation(clusterID, runID string) *Handle {
	return c.handle(&Started{ClusterID: clusterID, WorkflowID: api.WorkflowID(clusterID), RunID: runID})
}

// Look reads the operation once: state, progress, what it waits for, or how it ended.
func (h *Handle) Look(ctx context.Context) (*Operation, error) {
	latest, err := h.client.Latest(ctx, h.ClusterID)
	if err != nil || latest.FirstRunID == h.RunID || latest.RunID == h.RunID {
		return latest, err
	}
	op, err := h.client.look(ctx, h.ClusterID, h.RunID)
	if err == nil && op.Running() { // it continued as a new run, and a later operation has begun
		err = h.client.settle(ctx, op)
	}
	return op, err
}

// Follow watches the operation until it ends, as Client.Follow does.
func (h *Handle) Follow(ctx context.Context, show func(Sight)) (*Operation, error) {
	return h.client.Follow(ctx, h.WorkflowID, h.RunID, show)
}

// Sights streams what can be seen of the operation until it ends; the last one has its end. An error comes last and is a *Failed
// when the operation did not succeed. Ending the loop leaves the operation alone.
func (h *Handle) Sights(ctx context.Context) iter.Seq2[Sight, error] {
	return func(yield func(Sight, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		left := false
		_, err := h.Follow(ctx, func(s Sight) {
			if !left && !yield(s, nil) {
				left = true
				stop()
			}
		})
		if err != nil && !left {
			yield(Sight{}, err)
		}
	}
}

// Wait returns the result of the operation once it has ended; the error is a *Failed when it did not succeed.
func (h *Handle) Wait(ctx context.Context) (*api.OperationResult, error) {
	op, err := h.Follow(ctx, func(Sight) {})
	if err != nil {
		return nil, err
	}
	return op.Result, nil
}

// Cancel asks the operation to stop and to undo its completed steps. It returns once the request is recorded; after the point of no
// return it is refused.
func (h *Handle) Cancel(ctx context.Context) error {
	if err := h.isCurrent(ctx); err != nil {
		return err
	}
	_, err := h.client.Cancel(ctx, h.ClusterID)
	return err
}

// Resolve decides about the held step: retry, skip or abort. Abort undoes the completed steps as the operation documents it.
func (h *Handle) Resolve(ctx context.Context, r api.Resolution) (*api.Resolved, error) {
	if err := h.isCurrent(ctx); err != nil {
		return nil, err
	}
	_, resolved, err := h.client.Resolve(ctx, h.ClusterID, r)
	return resolved, err
}

// isCurrent refuses to act on the operation that came after this one.
func (h *Handle) isCurrent(ctx context.Context) error {
	latest, err := h.client.Latest(ctx, h.ClusterID)
	if err != nil {
		return err
	}
	if latest.FirstRunID != h.RunID && latest.RunID != h.RunID {
		return fault.New(fault.Conflict, "the operation has ended; the latest operation of cluster %s is %s (run %s)",
			h.ClusterID, latest.Type, latest.RunID).At(h.ClusterID, "", "")
	}
	return nil
}
