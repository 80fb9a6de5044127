package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/activities/machines"
	published "drover/activities/publish"
	"drover/activities/records"
	"drover/lifecycle"
)

// performer turns effects into activities. It knows what activities need to be told of the operation, and nothing of
// procedures, holds and undo.
type performer struct {
	clusterID, runID string
	seq              int   // number of the operation
	revision         int64 // published last
	unsure           bool  // a publish failed, and its revision may be visible
	barrier          time.Duration
	strict           bool                  // strict_config
	backup           *lifecycle.BackupWork // what an operation on backups does
	perActivity      int                   // nodes that one activity serves, pinned for the operation
	attempts         map[string]int        // commands that an operator had run again, by their first id
	open             []agents.StageInput   // commands that may run on although the operation left their step
	kill             *killable             // commands that an operator may kill; nil: none run
	calls            int                   // activities so far, for their ids
	lost             string                // why resources of nodes could not be released
	orphans          []string              // resources in the orphan ledger
	removed          int                   // nodes that were dropped from the record
	end              *ending
	undo             *undoStack
	progress         *progress
}

// ending is what the operation leaves if it ends now.
type ending struct {
	state      lifecycle.State
	poweredOff *bool    // whether the machines are off from now on; nil: as they were
	skips      []string // what operators skipped
	added      []string // nodes that the operation makes
	report     records.Ended
	backup     bool // the backup is whole
}

// ended makes a cancellation of the failure of an activity that was not retried only because it was cancelled, like one
// whose worker died then.
func ended(err error) error {
	var failed *temporal.ActivityError
	if errors.As(err, &failed) && failed.RetryState() == enums.RETRY_STATE_CANCEL_REQUESTED && !temporal.IsCanceledError(err) {
		return temporal.NewCanceledError()
	}
	return err
}

// start runs an activity; the caller waits.
func (p *performer) start(ctx workflow.Context, o workflow.ActivityOptions, activity string, input any) workflow.Future {
	p.calls++
	o.ActivityID = fmt.Sprintf("%d-%s", p.calls, activity)
	p.progress.watch(o.ActivityID)
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), activity, input)
}

// onMachines changes machines of nodes by one of the activities that take them in batches.
func onMachines[I any](p *performer, ctx workflow.Context, words string, activity func(context.Context, I) error, nodes []string, input func(machines.NodesInput) I) error {
	return inBatches(p, ctx, nodes, noResult(activity), func(batch []string) (workflow.ActivityOptions, I) {
		return provisioning(fmt.Sprintf("%s of %d nodes", words, len(batch))), input(machines.NodesInput{ClusterID: p.clusterID, Nodes: batch})
	}, nil)
}

// releaseNodes gives back the resources of nodes. Why that failed is told to the change that drops the nodes from the
// record afterwards, whatever happens: it writes what may be left into the orphan ledger.
func (p *performer) releaseNodes(ctx workflow.Context, nodes []string) error {
	p.lost = ""
	err := inBatches(p, ctx, nodes, withResult(doMachines.ReleaseNodes), func(batch []string) (workflow.ActivityOptions, machines.ReleaseNodesInput) {
		return provisioning(fmt.Sprintf("release %d nodes", len(batch))), machines.ReleaseNodesInput{
			NodesInput: machines.NodesInput{ClusterID: p.clusterID, Nodes: batch}, Attempts: machines.ReleaseAttempts,
		}
	}, func(r machines.ReleaseResult) { p.orphaned(ctx, r.Orphans) })
	if err != nil {
		p.lost = summary(err)
	}
	return err
}

// publish changes the control record and makes the next revision of the cluster's metadata visible.
func (p *performer) publish(ctx workflow.Context, c change) error {
	if len(c.Remove) > 0 {
		c.Lost = p.lost
	}
	err := revise(p, ctx, doPublish.Publish, func(next int64) published.PublishInput {
		return published.PublishInput{ClusterID: p.clusterID, RunID: p.runID, Revision: next, Change: &c}
	})
	if err == nil {
		p.removed += len(c.Remove)
	}
	return err
}

// revise publishes the next revision. After a publish that failed it is not known whether its revision is visible, and
// what is visible does not change: that revision is published again, which finishes it at least, and then the next one.
func revise[I any](p *performer, ctx workflow.Context, activity func(context.Context, I) error, input func(next int64) I) error {
	for {
		again := p.unsure
		next := p.revision + 1
		p.unsure = true
		if err := run(p, ctx, quick(fmt.Sprintf("publish revision %d", next)), activity, input(next)); err != nil {
			return err
		}
		p.revision, p.unsure = next, false
		if !again {
			return nil
		}
	}
}

func (p *performer) await(ctx workflow.Context, at lifecycle.StepID, activity func(context.Context, agents.BarrierInput) (agents.BarrierResult, error), words string, nodes []string) error {
	return inBatches(p, ctx, nodes, withResult(activity), func(batch []string) (workflow.ActivityOptions, agents.BarrierInput) {
		return remote(fmt.Sprintf("%s on %d nodes, revision %d", words, len(batch), p.revision), p.barrier), agents.BarrierInput{
			ClusterID: p.clusterID, Step: string(at), Nodes: batch, Revision: p.revision,
			TimeoutSec: int(p.barrier / time.Second), StrictConfig: p.strict,
		}
	}, func(r agents.BarrierResult) { p.progress.Warnings = append(p.progress.Warnings, r.Warnings...) })
}

// close writes how the operation stands into the control record. It must arrive, cancelled or not.
func (p *performer) close(ctx workflow.Context, outcome string, state lifecycle.State, cause error) error {
	ctx, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	reason := ""
	if cause != nil {
		reason = summary(cause)
	}
	var err error
	p.end.report, err = call(p, ctx, patient("record that the operation is "+outcome), doRecords.EndOperation, records.EndInput{
		ClusterID: p.clusterID, RunID: p.runID, Outcome: outcome, ClusterState: state, Reason: reason, PoweredOff: p.end.poweredOff,
		Skipped: p.end.skips, Open: openNodes(p.open), Added: p.end.added,
	})
	return err
}
