package activities

import (
	"context"

	"drover/fault"
	"drover/lifecycle"
)

// EndStrays ends the commands that run on nodes although no operation runs them: what an operation that was terminated has
// left. It may only be called by an operation that has no command of its own running.
func (a *Nodes) EndStrays(ctx context.Context, in NodesInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	working, stop := untilStopping(ctx)
	defer stop()
	var failed []error
	for _, r := range fanOut(working, nodesOf(rec, in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, tell teller) (struct{}, error) {
		tell.says("looking for commands")
		status, err := a.Agents.Status(ctx, n)
		if err != nil {
			return struct{}{}, err
		}
		// Asked after the node said what runs: what began since is not ended.
		if err := a.ours(ctx, tell); err != nil {
			return struct{}{}, err
		}
		for _, id := range status.Running {
			tell.says("ending " + id)
			if _, err := a.Agents.Cancel(ctx, n, id); err != nil && !fault.Is(err, fault.NotFound) {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	}) {
		if r.err != nil {
			failed = append(failed, fault.Wrap(r.err, fault.Unreachable, "node %s (%s)", label(r.node), r.node.ID).At(rec.ClusterID, r.node.ID, ""))
		}
	}
	return firstOf(failed)
}
