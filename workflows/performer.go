package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
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
	strict           bool              // strict_config
	params           map[string]string // by role: JSON argument of a service that is run by hand
	perActivity      int               // nodes that one activity serves, pinned for the operation
	attempts         map[string]int    // commands that an operator had run again, by their first id
	calls            int               // activities so far, for their ids
	lost             string            // why resources of nodes could not be released
	orphans          []string          // resources in the orphan ledger
	removed          int               // nodes that were dropped from the record
	end              *ending
	undo             *undoStack
	progress         *progress
}

// ending is what the operation leaves if it ends now.
type ending struct {
	state      lifecycle.State
	poweredOff *bool    // whether the machines are off from now on; nil: as they were
	skips      []string // what operators skipped
}

// call runs an activity and waits for it; the activity belongs to the step that is running.
func (p *performer) call(ctx workflow.Context, o workflow.ActivityOptions, activity string, input, output any) error {
	return ended(p.start(ctx, o, activity, input).Get(ctx, output))
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

// batch is what became of one activity over some nodes.
type batch[R any] struct {
	nodes  []string
	result R
	err    error
}

// runBatches runs one activity for every perActivity nodes, all at the same time, and waits for all.
func runBatches[R any](p *performer, ctx workflow.Context, nodes []string, call func(nodes []string) (workflow.ActivityOptions, string, any)) []batch[R] {
	var batches []batch[R]
	var futures []workflow.Future
	for nodes := range slices.Chunk(nodes, p.perActivity) {
		options, activity, input := call(nodes)
		futures = append(futures, p.start(ctx, options, activity, input))
		batches = append(batches, batch[R]{nodes: nodes})
	}
	for i, f := range futures {
		batches[i].err = ended(f.Get(ctx, &batches[i].result))
	}
	return batches
}

// inBatches is runBatches for callers that need only the results and the first error.
func inBatches[R any](p *performer, ctx workflow.Context, nodes []string, call func(nodes []string) (workflow.ActivityOptions, string, any)) ([]R, error) {
	return resultsOf(runBatches[R](p, ctx, nodes, call))
}

func resultsOf[R any](batches []batch[R]) ([]R, error) {
	results := make([]R, len(batches))
	var first error
	for i, b := range batches {
		results[i] = b.result
		if b.err != nil && first == nil {
			first = b.err
		}
	}
	return results, first
}

// machines changes machines of nodes by one of the activities that take them in batches.
func (p *performer) machines(ctx workflow.Context, words, activity string, nodes []string, input func(activities.NodesInput) any) error {
	_, err := inBatches[struct{}](p, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return provisioning(fmt.Sprintf("%s of %d nodes", words, len(batch))), activity,
			input(activities.NodesInput{ClusterID: p.clusterID, Nodes: batch})
	})
	return err
}

// releaseNodes gives back the resources of nodes. Why that failed is told to the change that drops the nodes from the
// record afterwards, whatever happens: it writes what may be left into the orphan ledger.
func (p *performer) releaseNodes(ctx workflow.Context, nodes []string) error {
	p.lost = ""
	results, err := inBatches[activities.ReleaseResult](p, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		o := provisioning(fmt.Sprintf("release %d nodes", len(batch)))
		return o, activities.ReleaseNodes, activities.ReleaseNodesInput{
			NodesInput: activities.NodesInput{ClusterID: p.clusterID, Nodes: batch}, Attempts: o.RetryPolicy.MaximumAttempts,
		}
	})
	for _, r := range results {
		p.orphaned(ctx, r.Orphans)
	}
	if err != nil {
		p.lost = summary(err)
	}
	return err
}

// publish changes the control record and makes the next revision of the cluster's metadata visible.
func (p *performer) publish(ctx workflow.Context, change activities.Change) error {
	if len(change.Remove) > 0 {
		change.Lost = p.lost
	}
	err := p.revise(ctx, activities.Publish, func(next int64) any {
		return activities.PublishInput{ClusterID: p.clusterID, Seq: p.seq, Revision: next, Change: &change}
	})
	if err == nil {
		p.removed += len(change.Remove)
	}
	return err
}

// revise publishes the next revision. After a publish that failed it is not known whether its revision is visible, and
// what is visible does not change: that revision is published again, which finishes it at least, and then the next one.
func (p *performer) revise(ctx workflow.Context, activity string, input func(next int64) any) error {
	for {
		again := p.unsure
		next := p.revision + 1
		p.unsure = true
		if err := p.call(ctx, quick(fmt.Sprintf("publish revision %d", next)), activity, input(next), nil); err != nil {
			return err
		}
		p.revision, p.unsure = next, false
		if !again {
			return nil
		}
	}
}

func (p *performer) await(ctx workflow.Context, at lifecycle.StepID, activity, words string, nodes []string) error {
	results, err := inBatches[activities.BarrierResult](p, ctx, nodes, func(batch []string) (workflow.ActivityOptions, string, any) {
		return remote(fmt.Sprintf("%s on %d nodes, revision %d", words, len(batch), p.revision), p.barrier), activity,
			activities.BarrierInput{
				ClusterID: p.clusterID, Step: string(at), Nodes: batch, Revision: p.revision,
				TimeoutSec: int(p.barrier / time.Second), StrictConfig: p.strict,
			}
	})
	for _, r := range results {
		p.progress.Warnings = append(p.progress.Warnings, r.Warnings...)
	}
	return err
}

// close writes how the operation stands into the control record. It must arrive, cancelled or not.
func (p *performer) close(ctx workflow.Context, outcome string, state lifecycle.State, cause error) error {
	ctx, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	reason := ""
	if cause != nil {
		reason = summary(cause)
	}
	return p.call(ctx, patient("record that the operation is "+outcome), activities.EndOperation, activities.EndInput{
		ClusterID: p.clusterID, RunID: p.runID, Outcome: outcome, ClusterState: state, Reason: reason, PoweredOff: p.end.poweredOff,
		Skipped: p.end.skips,
	}, nil)
}
