package agents

import (
	"context"
	"slices"

	"drover/activities/internal/attempt"
	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/fault"
	"drover/lifecycle"
)

// StraysInput names nodes on which no operation runs a command.
type StraysInput struct {
	ClusterID string   `json:"cluster_id"`
	Nodes     []string `json:"nodes"`
}

// EndStrays ends the commands that run on nodes although no operation runs them: what an operation that died, or that
// ended while a node did not answer, has left. A machine that is off or gone runs nothing. From then on the record knows
// that nothing runs on the nodes that were asked; one that cannot be asked is an error. It may only be called by an
// operation that has no command of its own running.
func (a *Activities) EndStrays(ctx context.Context, in StraysInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil {
		return err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	power := a.machinesOf(rec)
	var failed []error
	var asked []string
	for _, r := range fanout.Run(working, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (struct{}, error) {
		return struct{}{}, a.endStrays(ctx, n, progress)
	}) {
		if r.Err != nil && !power.runsNothing(ctx, r.Node) {
			failed = append(failed, fault.Wrap(r.Err, fault.Unreachable, "node %s (%s)", r.Node.Label(), r.Node.ID).At(rec.ClusterID, r.Node.ID, ""))
			continue
		}
		asked = append(asked, r.Node.ID)
	}
	if slices.ContainsFunc(rec.Open, func(id string) bool { return slices.Contains(asked, id) }) {
		if _, err := control.UpdateCurrent(ctx, a.Records, a.Attempt, in.ClusterID, func(rec *lifecycle.Record) error {
			rec.Open = slices.DeleteFunc(rec.Open, func(id string) bool { return slices.Contains(asked, id) })
			return nil
		}); err != nil {
			return err
		}
	}
	return fanout.FirstOf(failed)
}

func (a *Activities) endStrays(ctx context.Context, n lifecycle.Node, progress fanout.Progress) error {
	if n.AgentOn != n.InstanceID {
		return nil // nothing ever ran there
	}
	progress.Line("looking for commands")
	ctx, stop := context.WithTimeout(ctx, endWithin)
	defer stop()
	status, err := a.Agents.Status(ctx, n)
	if err != nil {
		return err
	}
	// Asked after the node said what runs: what began since is not ended.
	if err := a.Attempt.StillCurrent(ctx, progress); err != nil {
		return err
	}
	for _, id := range status.Running {
		progress.Line("ending " + id)
		if _, err := a.Agents.Cancel(ctx, n, id); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}
