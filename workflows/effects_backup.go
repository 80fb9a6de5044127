package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/activities/backups"
	"drover/lifecycle"
)

// Effects on backups. What they are about is the work that the operation was promised when it began; a safety backup has
// an id of its own, and is of the device kind.
type (
	openBackup struct {
		anything
		safety bool
	}
	snapshotVolumes struct {
		on
		safety bool
	}
	storeParts struct {
		on
		safety bool
	}
	completeBackup struct {
		anything
		safety bool
	}
	tidyBackup struct { // snapshots and folders at the cluster go
		on
		safety bool
	}
	dropBackup struct { // an unfinished backup goes
		anything
		safety bool
	}
	fillParts     struct{ on }
	awaitHealthy  struct{ waiting }
	noteVerified  struct{ anything }
	noteFailed    struct{ anything } // the verification failed
	markBackups   struct{ anything }
	removeBackups struct{ anything }
)

// made is the input about the backup that is made.
func (p *performer) made(safety bool) backups.Input {
	in := backups.Input{ClusterID: p.clusterID, RunID: p.runID, Backup: p.backup.ID, Policy: p.backup.Policy}
	if safety {
		in.Backup, in.Policy = p.backup.Safety, lifecycle.PolicyDevice
	}
	return in
}

// moving runs one of the activities that move data of nodes.
func moving(p *performer, ctx workflow.Context, words string, activity batched[backups.NodesInput, struct{}], nodes []string, in backups.Input) error {
	return inBatches(p, ctx, nodes, activity, func(batch []string) (workflow.ActivityOptions, backups.NodesInput) {
		return transferring(fmt.Sprintf("%s of %d nodes", words, len(batch))), backups.NodesInput{Input: in, Nodes: batch}
	}, nil)
}

func (e openBackup) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	in := p.made(e.safety)
	work := *p.backup
	if e.safety {
		work.Why, work.Parent = lifecycle.BackupSafety, ""
	}
	return run(p, ctx, transferring("open backup "+in.Backup), doBackups.OpenBackup, backups.OpenInput{Input: in, Work: work})
}

func (e snapshotVolumes) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return moving(p, ctx, "snapshots", noResult(doBackups.SnapshotVolumes), e.on, p.made(e.safety))
}

func (e storeParts) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return moving(p, ctx, "store the data", noResult(doBackups.StoreParts), e.on, p.made(e.safety))
}

func (e completeBackup) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	in := p.made(e.safety)
	err := run(p, ctx, transferring("complete backup "+in.Backup), doBackups.CompleteBackup, in)
	p.end.backup = err == nil
	return err
}

func (e tidyBackup) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return moving(p, ctx, "tidy up the backup", noResult(doBackups.TidyBackup), e.on, p.made(e.safety))
}

func (e dropBackup) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	in := p.made(e.safety)
	return run(p, ctx, transferring("remove backup "+in.Backup), doBackups.RemoveBackups, backups.RemoveInput{RunID: p.runID, Backups: []string{in.Backup}})
}

func (e fillParts) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return moving(p, ctx, "bring the data", noResult(doBackups.FillParts), e.on, p.made(false))
}

func (e awaitHealthy) perform(p *performer, ctx workflow.Context, at lifecycle.StepID) error {
	return inBatches(p, ctx, e.waiting, noResult(doAgents.AwaitHealthy), func(batch []string) (workflow.ActivityOptions, agents.HealthyInput) {
		return remote(fmt.Sprintf("wait for the health of %d nodes", len(batch)), p.barrier), agents.HealthyInput{
			ClusterID: p.clusterID, RunID: p.runID, Seq: p.seq, Step: string(at), Nodes: batch, TimeoutSec: int(p.barrier.Seconds()),
		}
	}, nil)
}

func (e noteVerified) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return run(p, ctx, quick("compare with backup "+p.backup.ID), doBackups.NoteVerified, backups.NoteInput{
		ClusterID: p.clusterID, RunID: p.runID, Backup: p.backup.ID,
	})
}

func (e noteFailed) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return run(p, ctx, quick("note that backup "+p.backup.ID+" could not be verified"), doBackups.NoteVerified, backups.NoteInput{
		ClusterID: p.clusterID, RunID: p.runID, Backup: p.backup.ID, Failed: p.progress.Error,
	})
}

func (e markBackups) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return run(p, ctx, quick("mark the backups"), doBackups.MarkBackups, backups.RemoveInput{RunID: p.runID, Backups: p.backup.Deletes})
}

func (e removeBackups) perform(p *performer, ctx workflow.Context, _ lifecycle.StepID) error {
	return run(p, ctx, transferring("remove the backups"), doBackups.RemoveBackups, backups.RemoveInput{RunID: p.runID, Backups: p.backup.Deletes})
}
