package workflows

import (
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// lookAgain is how long a scheduled backup waits before it looks again whether the cluster can be backed up.
const lookAgain = time.Minute

// ScheduledBackup is what the schedule of a cluster starts when its window opens: it waits until the cluster is well and no
// operation runs, starts BackupCluster, and then deletes the oldest chains. A window that closes before that is a failure that says
// why.
func ScheduledBackup(ctx workflow.Context, raw converter.RawValue) (api.ScheduledBackupResult, error) {
	var in api.ScheduledBackupInput
	var out api.ScheduledBackupResult
	if err := decode(raw, &in); err != nil {
		return out, wire(err)
	}
	_, length, _ := api.ParseWindow(in.Window)
	closes := opened(ctx).Add(length)
	for {
		why, gone, err := waitsFor(ctx, in.ClusterID)
		switch {
		case err != nil:
			return out, wire(err)
		case gone:
			out.Skipped = why
			return out, nil
		case !workflow.Now(ctx).Before(closes):
			if why == "" {
				why = "nothing could be started before"
			}
			return out, wire(fault.New(fault.NotAllowed, "the window %s passed without a backup of %s: %s", in.Window, in.ClusterID, why).At(in.ClusterID, "", "").
				WithHint("back it up now: drover backup create %s", in.ClusterID))
		case why == "":
			var made api.OperationResult
			err = operate(ctx, in.ClusterID, api.BackupCluster, api.BackupClusterInput{Target: in.Target, Chain: in.Chain, Scheduled: true}, &made)
			if err == nil {
				out.Backup = made.Backup
				return expire(ctx, in, out)
			}
			if !temporal.IsWorkflowExecutionAlreadyStartedError(err) { // else another operation was faster
				return out, wire(err)
			}
		}
		if err := workflow.Sleep(ctx, min(lookAgain, max(closes.Sub(workflow.Now(ctx)), time.Second))); err != nil {
			return out, err
		}
	}
}

// opened is when the window opened: the server may have been down then, and catch up later.
func opened(ctx workflow.Context) time.Time {
	attributes := workflow.GetTypedSearchAttributes(ctx)
	if at, ok := attributes.GetTime(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")); ok {
		return at
	}
	return workflow.GetInfo(ctx).WorkflowStartTime
}

// waitsFor says why a cluster cannot be backed up now; gone: nor later.
func waitsFor(ctx workflow.Context, clusterID string) (why string, gone bool, _ error) {
	o := patient("look at " + clusterID)
	o.StartToCloseTimeout = reading
	var seen api.ClusterView
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), nameOf(doReads.DescribeCluster),
		api.DescribeClusterInput{ClusterID: clusterID, Agents: true}).Get(ctx, &seen)
	if err != nil && faultOf(err).Type == fault.NotFound {
		return "the cluster does not exist", true, nil
	}
	if err != nil {
		return "", false, err
	}
	if seen.State == api.ClusterDeleted {
		return "the cluster is in the recycle bin", true, nil
	}
	running := ""
	if seen.Operation.State == api.OpRunning {
		running = seen.Operation.Type
	}
	bad := 0
	if h := seen.Health; h != nil {
		bad = h.Unhealthy + h.Silent + h.Off
	}
	return lifecycle.BackupWaits(lifecycle.State(seen.State), running, bad, seen.NodeCount), false, nil
}

// operate runs an operation to its end.
func operate(ctx workflow.Context, clusterID, operation string, in any, out *api.OperationResult) error {
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: api.WorkflowID(clusterID), StaticSummary: operation + " of " + clusterID + " by its schedule",
		Memo:                  map[string]any{api.MemoBy: "schedule", api.MemoWhat: operation + " " + clusterID},
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WorkflowTaskTimeout: api.WorkflowTaskTimeout,
	})
	run := workflow.ExecuteChildWorkflow(child, operation, in)
	if err := run.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		return err
	}
	return run.Get(ctx, out)
}

// expire deletes the chains beyond those that are kept.
func expire(ctx workflow.Context, in api.ScheduledBackupInput, out api.ScheduledBackupResult) (api.ScheduledBackupResult, error) {
	var expired api.ExpiredBackups
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, quick("which chains go")), nameOf(doBackups.ExpiredBackups),
		api.ExpiredBackupsInput{ClusterID: in.ClusterID, Keep: in.Keep}).Get(ctx, &expired)
	for _, id := range expired.Backups {
		if err != nil {
			break
		}
		var done api.OperationResult
		if err = operate(ctx, in.ClusterID, api.DeleteBackup, api.DeleteBackupInput{Backup: id, Later: true}, &done); err == nil {
			out.Deleted = slices.Concat(out.Deleted, []string{id})
		}
	}
	if err != nil && !temporal.IsCanceledError(err) {
		f := faultOf(err)
		f.Message = fmt.Sprintf("backup %s was made, but the oldest chains could not be deleted: %s", out.Backup, f.Message)
		return out, wire(f)
	}
	return out, err
}
