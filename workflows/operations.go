package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities/records"
	"drover/lifecycle"
	"drover/workflows/api"
)

// definition is an operation: its workflow, and its procedure without a request of its own, as another operation runs it
// to undo itself.
type definition struct {
	name     lifecycle.Op
	workflow func(workflow.Context, converter.RawValue, handover) (api.OperationResult, error)
	plan     func(cluster) procedure
}

// definitions are all operations. What they are called, where they may start and what their steps are is declared in the
// catalogue of lifecycle; what they do is in one file each.
func definitions() []definition {
	return []definition{
		define(lifecycle.OpCreateCluster, createCluster, nil),
		define(lifecycle.OpDeleteCluster, deleteCluster, func(b *records.BeginInput, in *api.DeleteClusterInput) { b.Delete = in }),
		define(lifecycle.OpAddNodes, addNodes, func(b *records.BeginInput, in *api.AddNodesInput) { b.Add = in }),
		define(lifecycle.OpDeleteNodes, deleteNodes, func(b *records.BeginInput, in *api.DeleteNodesInput) { b.Remove = in }),
		define(lifecycle.OpScaleVertical, scaleVertical, func(b *records.BeginInput, in *api.ScaleVerticalInput) { b.Scale = in }),
		define(lifecycle.OpUpgradeCluster, upgradeCluster, func(b *records.BeginInput, in *api.UpgradeClusterInput) { b.Upgrade = in }),
		define(lifecycle.OpDowngradeCluster, downgradeCluster, nil),
		define(lifecycle.OpStartCluster, startCluster, nil),
		define(lifecycle.OpStopCluster, stopCluster, nil),
		define(lifecycle.OpRestartCluster, restartCluster, func(b *records.BeginInput, in *api.RestartClusterInput) { b.Restart = in }),
		define(lifecycle.OpRunService, runService, func(b *records.BeginInput, in *api.RunServiceInput) { b.Service = in }),
		define(lifecycle.OpUpdateEnv, updateEnv, func(b *records.BeginInput, in *api.UpdateEnvInput) { b.Env = in }),
		define(lifecycle.OpRepairCluster, repairCluster, func(b *records.BeginInput, in *api.RepairClusterInput) { b.Repair = in }),
		define(lifecycle.OpBackupCluster, backupCluster, func(b *records.BeginInput, in *api.BackupClusterInput) { b.Backup = in }),
		define(lifecycle.OpRestoreCluster, restoreCluster, nil),
		define(lifecycle.OpRestoreInPlace, restoreInPlace, func(b *records.BeginInput, in *api.RestoreInPlaceInput) { b.InPlace = in }),
		define(lifecycle.OpVerifyBackup, verifyBackup, nil),
		define(lifecycle.OpDeleteBackup, deleteBackup, func(b *records.BeginInput, in *api.DeleteBackupInput) { b.DeleteBackup = in }),
		define(lifecycle.OpRecoverCluster, recoverCluster, nil),
		define(lifecycle.OpCeaseCluster, ceaseCluster, func(b *records.BeginInput, in *api.CeaseClusterInput) { b.Cease = in }),
	}
}

// define makes an operation of its procedure. request puts the input where BeginOperation checks it.
func define[I settings](name lifecycle.Op, plan func(cluster, I) procedure, request func(*records.BeginInput, *I)) definition {
	run := func(ctx workflow.Context, raw converter.RawValue, before handover) (api.OperationResult, error) {
		var in I
		op, err := open(ctx, name, raw, &in)
		if err == nil {
			err = onlyPlanned(name, workflow.GetInfo(ctx).WorkflowExecution.ID, in.IsDryRun())
		}
		if err != nil {
			err = refusal(err)
			logRefused(ctx, name, err)
			return api.OperationResult{}, wire(err)
		}
		op.receive(raw, before)
		begin := func() error {
			switch in := any(in).(type) {
			case api.CreateClusterInput:
				return op.beginCreate(in)
			case api.RestoreClusterInput:
				return op.beginRestore(in)
			case api.VerifyBackupInput:
				return op.beginRestore(in.RestoreClusterInput)
			}
			input := records.BeginInput{DryRun: in.IsDryRun()}
			if request != nil {
				request(&input, &in)
			}
			return op.begin(input)
		}
		return op.run(begin, in.IsDryRun(), func(a answers) procedure {
			c := known(op.begun)
			c.answers = a
			return plan(c, in)
		})
	}
	return definition{name, run, func(c cluster) procedure {
		var none I
		return plan(c, none)
	}}
}

// planOf is the procedure of an operation without a request of its own.
func planOf(name lifecycle.Op) func(cluster) procedure {
	for _, d := range definitions() {
		if d.name == name {
			return d.plan
		}
	}
	return nil
}

// Workflow is the workflow of an operation as a request starts it; nil for an unknown name. Callers: tests that wrap it.
func Workflow(name lifecycle.Op) func(workflow.Context, converter.RawValue) (api.OperationResult, error) {
	for _, d := range definitions() {
		if d.name == name {
			return func(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
				return d.workflow(ctx, raw, handover{})
			}
		}
	}
	return nil
}
