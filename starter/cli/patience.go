package cli

import (
	"context"
	"errors"
	"time"

	"drover/client"
	"drover/fault"
)

// followPatience is how long a started operation is followed while no worker responds, unless --timeout is given.
const followPatience = time.Minute

// patience is how long an operation is followed while nothing is heard of it; 0 is for ever, for one that is only watched.
func (a *app) patience() time.Duration {
	switch {
	case a.timeoutGiven:
		return a.target.ReadTimeout
	case a.asked:
		return followPatience
	}
	return 0
}

// patient is a viewer who leaves when nothing was heard of the operation for too long.
type patient struct {
	viewer
	now   func() time.Time
	limit time.Duration // 0: none
	leave func()

	quiet time.Time // since when nothing is heard; zero while something is
	last  client.Sight
	left  bool
}

// Show implements viewer.
func (p *patient) Show(s client.Sight) {
	p.viewer.Show(s)
	if p.last = s; s.Note == "" || !s.Operation.Running() {
		p.quiet = time.Time{}
		return
	}
	if p.quiet.IsZero() {
		p.quiet = p.now()
	}
	if p.limit > 0 && p.now().Sub(p.quiet) >= p.limit && !p.left {
		p.left = true
		p.leave()
	}
}

// sightsOf follows an operation to its end, or until nothing was heard of it for too long: it stays as it is then.
func (a *app) sightsOf(ctx context.Context, server backend, view viewer, workflowID, firstRunID string) (*client.Operation, error) {
	following, leave := context.WithCancel(ctx)
	defer leave()
	limit := a.patience()
	p := &patient{viewer: view, now: a.Now, limit: limit, leave: leave}
	op, err := server.Follow(following, workflowID, firstRunID, p.Show)
	if p.left && ctx.Err() == nil && errors.Is(err, context.Canceled) {
		return nil, abandoned(p.last, limit)
	}
	return op, err
}

// abandoned reports that no worker works on an operation, and how to continue.
func abandoned(s client.Sight, quiet time.Duration) error {
	op := s.Operation
	f := fault.New(fault.Unreachable, "nothing was heard of %s of %s for %s: %s", op.Type, op.ClusterID, quiet, s.Note)
	f.Cluster = op.ClusterID
	return f.WithHint("make sure that a drover-worker runs against the same address and namespace; follow the operation with: drover watch %s; end it with: drover cancel %s",
		op.ClusterID, op.ClusterID)
}
