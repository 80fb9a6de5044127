package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// begin opens an operation on an existing cluster: everything that can be refused is refused here. Short and not
// cancellable, so that it is never half done. What an operation that died left in the temporary folders goes first.
func (op *operation) begin(in records.BeginInput) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	in.ClusterID, in.RunID, in.Type = op.clusterID, op.runID, op.name
	err := op.opened(ctx, quick("open "+op.name+" of "+op.clusterID), in)
	switch {
	case err == nil && len(op.begun.Open) > 0 && !in.DryRun:
		op.touched = true
		if err = op.askOpen(ctx); err == nil {
			return op.begin(in)
		}
	case err == nil && !op.begun.Unfinished:
		op.end.state = op.begun.View.State
		return nil
	case in.DryRun && err == nil:
		return fault.New(fault.NotAllowed, "an earlier operation died half-way; what it left is cleared when the next operation runs for real").
			At(op.clusterID, "", "").WithHint("run the operation without dry run")
	case in.DryRun:
		return err
	case err == nil:
		op.touched = true
		if err = op.clearUnfinished(ctx); err == nil {
			return op.begin(in)
		}
	}
	return undone(err, op.abandon(ctx))
}

// askOpen ends what an earlier operation may have left running: it died, or a node did not answer when it ended.
func (op *operation) askOpen(ctx workflow.Context) error {
	err := inBatches(op.performer, ctx, op.begun.Open, noResult(doAgents.EndStrays), func(batch []string) (workflow.ActivityOptions, agents.StraysInput) {
		return stopping(fmt.Sprintf("end what runs on %d nodes", len(batch))), agents.StraysInput{ClusterID: op.clusterID, Nodes: batch}
	}, nil)
	if err == nil {
		return nil
	}
	f := faultOf(err)
	return fault.New(fault.Unreachable, "%s cannot begin before a node is heard on which a command of an earlier operation may still run: %s",
		op.name, f.Message).At(op.clusterID, f.Node, "").
		WithHint("make the node reachable and retry; if its machine is gone: drover repair %s --nodes %s", op.clusterID, f.Node)
}

// beginAs opens the operation that undoes this one, on a context that no cancel reaches.
func (op *operation) beginAs(ctx workflow.Context, name lifecycle.Op) error {
	revision := op.performer.revision
	err := op.opened(ctx, patient("open "+name+" of "+op.clusterID), records.BeginInput{ClusterID: op.clusterID, RunID: op.runID, Type: name})
	op.performer.revision = max(revision, op.performer.revision)
	return err
}

// opened takes what the operation starts from, into a fresh value: decoding leaves alone what an answer omits, and a
// second answer would be mixed with the first.
func (op *operation) opened(ctx workflow.Context, o workflow.ActivityOptions, in records.BeginInput) error {
	begun, err := call(op.performer, ctx, o, doRecords.BeginOperation, in)
	if err == nil {
		op.starts(begun)
	}
	return err
}

// starts takes over what the operation starts from.
func (op *operation) starts(begun records.Begun) {
	op.begun, op.performer.removed = begun, 0
	for _, w := range begun.Warnings {
		op.progress.warn(api.Warning{Message: w})
	}
	op.progress.App, op.progress.Number = begun.View.App, begun.View.Seq
	op.performer.seq, op.performer.revision, op.performer.backup = begun.View.Seq, begun.View.Revision, begun.Backup
}

// beginCreate checks the request and writes the control record with every id the cluster will need. Short and not
// cancellable, so that it is never half done.
func (op *operation) beginCreate(in api.CreateClusterInput) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	prepared, err := call(op.performer, ctx, quick("check the request and choose ids"), doRecords.PrepareCreate, records.PrepareCreateInput{
		ClusterID: op.clusterID, RunID: op.runID, Create: in,
	})
	if err != nil && !in.DryRun {
		return undone(err, op.abandon(ctx))
	}
	op.starts(records.Begun{View: prepared.View, Warnings: prepared.Warnings})
	op.end.state = lifecycle.Failed
	return err
}

// beginRestore checks the request and writes the control record of the cluster to make, as beginCreate does.
func (op *operation) beginRestore(in api.RestoreClusterInput) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	begun, err := call(op.performer, ctx, quick("check the backup and choose ids"), doRecords.PrepareRestore, records.PrepareRestoreInput{
		ClusterID: op.clusterID, RunID: op.runID, Type: op.name, Restore: in,
	})
	if err != nil && !in.DryRun {
		return undone(err, op.abandon(ctx))
	}
	op.starts(begun)
	op.end.state = lifecycle.Failed
	return err
}

// abandon undoes what the beginning of the operation wrote, if it failed after that.
func (op *operation) abandon(ctx workflow.Context) error {
	return run(op.performer, ctx, patient("abandon "+op.name+" of "+op.clusterID), doRecords.Abandon, records.AbandonInput{
		ClusterID: op.clusterID, RunID: op.runID,
	})
}

// clearUnfinished empties the temporary folders an operation left that died half-way, boots the machines it may have
// switched off, and releases the nodes it had begun to add or to release.
func (op *operation) clearUnfinished(ctx workflow.Context) error {
	stale, stay := op.begun.Stale, lifecycle.Except(op.begun.Stale)
	op.progress.warn(api.Warning{Message: fmt.Sprintf(
		"an earlier operation died half-way: its temporary folders are cleared, %d nodes it had begun to add or to delete are released", len(stale))})
	if op.begun.MayBeOff {
		if err := (power{true, lifecycle.IDsOf(op.begun.View.Refs(stay))}).perform(op.performer, ctx, ""); err != nil {
			op.progress.warn(api.Warning{Message: summary(err)})
		}
	}
	_ = op.performer.releaseNodes(ctx, stale) // what is left goes to the orphan ledger with the change below
	none := []string{}
	cleared := change{Remove: stale, Adding: &none, Deleting: &none, VerticalScaling: &none}
	return inform{op.begun.View.AgentIDs(stay), cleared}.perform(op.performer, ctx, "")
}
