package workflows

import (
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/workflows/api"
)

// ListOrphans reads the orphan ledger.
func ListOrphans(ctx workflow.Context, raw converter.RawValue) (api.OrphanList, error) {
	return read(ctx, raw, doOrphans.ListOrphans)
}

// CollectOrphans releases what providers list for a cluster and no record names.
func CollectOrphans(ctx workflow.Context, raw converter.RawValue) (api.CollectedOrphans, error) {
	var in api.CollectOrphansInput
	var out api.CollectedOrphans
	if err := decode(raw, &in); err != nil {
		return out, wire(err)
	}
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, provisioning("release what is on no record")),
		nameOf(doOrphans.CollectOrphans), in).Get(ctx, &out)
	return out, wire(err)
}

// roundsPerRun bounds one run's history: a round is some ten events.
const roundsPerRun = 50

// RetryOrphans tries to release what is in the orphan ledger, waits longer from time to time, and ends when the ledger is
// empty. Operations that leave something start it, and so does every worker: it is only there while there is work for it.
func RetryOrphans(ctx workflow.Context, raw converter.RawValue) (api.ReleasedOrphans, error) {
	var in api.RetryOrphansInput
	var out api.ReleasedOrphans
	if err := decode(raw, &in); err != nil {
		return out, wire(err)
	}
	now := workflow.GetSignalChannel(ctx, api.SignalNow)
	for round := in.Rounds; ; round++ {
		var tried api.ReleasedOrphans
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, releasing()), nameOf(doOrphans.ReleaseOrphans), in).Get(ctx, &tried)
		if err != nil {
			return out, wire(err)
		}
		out.Released, out.Left = out.Released+tried.Released, tried.Left
		again := false
		for now.ReceiveAsync(nil) {
			again = true // something came in while the ledger was read
		}
		switch {
		case in.Once:
			return out, nil
		case again:
			round = -1
		case tried.Left == 0:
			return out, nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested() || round-in.Rounds >= roundsPerRun:
			return out, workflow.NewContinueAsNewError(ctx, api.RetryOrphans, api.RetryOrphansInput{Rounds: round})
		default:
			woken, err := rest(ctx, now, restAfter(round))
			if err != nil {
				return out, err
			}
			if woken {
				round = -1
			}
		}
	}
}

// releasing: a round of the retries. It continues whenever Consul and a worker are back.
func releasing() workflow.ActivityOptions {
	o := provisioning("release what could not be released")
	o.RetryPolicy = retry(time.Second, time.Minute, 0)
	return o
}

// restAfter is how long the ledger rests after so many rounds: half a minute at first, half an hour in the end.
func restAfter(round int) time.Duration {
	return min(30*time.Second<<min(round, 6), 30*time.Minute)
}

// rest waits for the time to pass, or for a signal that there is new work.
func rest(ctx workflow.Context, now workflow.ReceiveChannel, d time.Duration) (woken bool, err error) {
	timerCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimer(timerCtx, d)
	s := workflow.NewSelector(ctx)
	s.AddFuture(timer, func(f workflow.Future) { err = f.Get(ctx, nil) })
	s.AddReceive(now, func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, nil)
		woken = true
	})
	s.Select(ctx)
	return woken, err
}

// orphaned notes what went to the orphan ledger, and makes sure that its retries run. A failure here does no harm: every
// worker starts the retries too.
func (p *performer) orphaned(ctx workflow.Context, orphans []string) {
	if len(orphans) == 0 {
		return
	}
	p.orphans = append(p.orphans, orphans...)
	p.progress.warn(api.Warning{Message: fmt.Sprintf(
		"not released, in the orphan ledger and retried until gone (drover orphans): %s", strings.Join(orphans, "; "))})
	if err := awake(ctx, api.OrphansWorkflowID, api.RetryOrphans, api.RetryOrphansInput{}); err != nil {
		workflow.GetLogger(ctx).Warn("the retries of the orphan ledger are not running yet", "error", err)
	}
}

// awake starts a workflow of which one run serves all clusters, or signals the run there is.
func awake(ctx workflow.Context, id, name string, in any) error {
	var err error
	for range 3 { // a run may end between being there and being signalled
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: id, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		})
		if err = workflow.ExecuteChildWorkflow(child, name, in).GetChildWorkflowExecution().Get(ctx, nil); err == nil {
			return nil
		}
		if err = workflow.SignalExternalWorkflow(ctx, id, "", api.SignalNow, nil).Get(ctx, nil); err == nil {
			return nil
		}
	}
	return err
}

// leftBehind lets a failure say what was not released on the way back.
func (op *operation) leftBehind(err error) error {
	if err == nil || len(op.performer.orphans) == 0 || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	f.Message += fmt.Sprintf("; not released and in the orphan ledger: %s", strings.Join(op.performer.orphans, "; "))
	return f
}
