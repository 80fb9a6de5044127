package agents

import (
	"context"

	"drover/activities/internal/attempt"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
)

// StraysInput names nodes on which no operation runs a command.
type StraysInput struct {
	ClusterID string   `json:"cluster_id"`
	Nodes     []string `json:"nodes"`
}

// EndStrays ends the commands that run on nodes although no operation runs them: what an operation that was terminated has
// left. It may only be called by an operation that has no command of its own running.
func (a *Activities) EndStrays(ctx context.Context, in StraysInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	var failed []error
	for _, r := range fanout.Run(working, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (struct{}, error) {
		progress.Line("looking for commands")
		status, err := a.Agents.Status(ctx, n)
		if err != nil {
			return struct{}{}, err
		}
		// Asked after the node said what runs: what began since is not ended.
		if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
			return struct{}{}, err
		}
		for _, id := range status.Running {
			progress.Line("ending " + id)
			if _, err := a.Agents.Cancel(ctx, n, id); err != nil && !fault.Is(err, fault.NotFound) {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	}) {
		if r.Err != nil {
			failed = append(failed, fault.Wrap(r.Err, fault.Unreachable, "node %s (%s)", r.Node.Label(), r.Node.ID).At(rec.ClusterID, r.Node.ID, ""))
		}
	}
	return fanout.FirstOf(failed)
}
