package records

import (
	"context"
	"slices"

	"drover/activities/internal/control"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// AbandonInput names an operation that could not begin.
type AbandonInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
}

// Abandon undoes what the beginning of an operation wrote before it failed, and nothing else: an operation that was
// refused wrote nothing, and the record may belong to another operation.
func (a *Activities) Abandon(ctx context.Context, in AbandonInput) error {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if fault.Is(err, fault.NotFound) {
		return a.Tokens.Revoke(ctx, in.ClusterID) // an earlier try may have been cut off behind the record
	}
	if err != nil || rec.Operation.RunID != in.RunID {
		return err
	}
	if lifecycle.MakesCluster(rec.Operation.Type) {
		return control.Forget(ctx, a.Trees, a.Tokens, in.ClusterID, in.RunID)
	}
	rec, err = control.UpdateOwn(ctx, a.Records, a.Attempt, in.ClusterID, in.RunID, func(rec *lifecycle.Record) error {
		rec.Operation.State = api.OpFailed
		rec.TakeBackChoices()
		if rec.Operation.Clearing { // what an earlier operation left may still be to be cleared
			rec.Operation.Clearing = lifecycle.Unfinished(rec)
			return nil
		}
		rec.Nodes = slices.DeleteFunc(rec.Nodes, func(n lifecycle.Node) bool { return slices.Contains(rec.Adding, n.ID) })
		rec.Adding = nil
		if rec.Operation.Type == api.UpgradeCluster {
			rec.Target = nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.mark(ctx, in.ClusterID, in.RunID, rec.Mark())
}
