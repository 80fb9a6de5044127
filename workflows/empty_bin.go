package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/workflows/api"
)

// EmptyBin releases clusters whose time in the recycle bin is up, by CeaseCluster, and ends when the bin is empty. When that is
// is read from the control records, so that no timer is lost with a run: deletions start one, and so does every worker.
func EmptyBin(ctx workflow.Context, raw converter.RawValue) (api.DueClusters, error) {
	var in api.EmptyBinInput
	var seen api.DueClusters
	if err := decode(raw, &in); err != nil {
		return seen, wire(err)
	}
	now := workflow.GetSignalChannel(ctx, api.SignalNow)
	for look, failed := 1, in.Rounds; ; look++ {
		for now.ReceiveAsync(nil) { // before the records are read: what was signalled is in them
		}
		seen = api.DueClusters{}
		if err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, patient("look into the recycle bin")), nameOf(doRecords.DueClusters), in).Get(ctx, &seen); err != nil {
			return seen, wire(err)
		}
		refused := cease(ctx, seen.Due)
		if refused == 0 {
			failed = 0
		} else {
			failed++
		}
		if seen.Binned == 0 && now.Len() == 0 { // a signal after the look is about what it has not seen
			return seen, nil
		}
		if look >= roundsPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return seen, workflow.NewContinueAsNewError(ctx, api.EmptyBin, api.EmptyBinInput{Rounds: failed})
		}
		if len(seen.Due) > 0 && refused == 0 {
			continue // it may be empty now
		}
		if _, err := rest(ctx, now, binRest(seen, refused, failed)); err != nil {
			return seen, err
		}
	}
}

// cease releases clusters at the same time, and counts those that it could not: another operation runs, or the release failed.
func cease(ctx workflow.Context, due []string) int {
	var running []workflow.ChildWorkflowFuture
	for _, id := range due {
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: api.WorkflowID(id), StaticSummary: "cease " + id + ": its time in the recycle bin is up",
			Memo:                  map[string]any{api.MemoBy: "recycle bin", api.MemoWhat: "cease " + id},
			ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WorkflowTaskTimeout: api.WorkflowTaskTimeout,
		})
		running = append(running, workflow.ExecuteChildWorkflow(child, api.CeaseCluster, api.CeaseClusterInput{Expired: true}))
	}
	failed := 0
	for i, r := range running {
		if err := r.Get(ctx, nil); err != nil {
			failed++
			workflow.GetLogger(ctx).Warn("not released, although its time in the recycle bin is up", "cluster", due[i], "error", err)
		}
	}
	return failed
}

// binRest is how long the bin rests: until the next cluster is due, but never longer than half an hour, since records may be
// edited and restored; after a failure a few seconds at first.
func binRest(seen api.DueClusters, refused, failed int) time.Duration {
	const longest = 30 * time.Minute
	next := longest
	if seen.NextSec > 0 {
		next = min(longest, time.Duration(seen.NextSec)*time.Second)
	}
	if refused > 0 {
		next = min(next, 5*time.Second<<min(failed-1, 8))
	}
	return next
}
