package workflows

import (
	"strings"

	. "drover/lifecycle"
	"drover/workflows/api"
)

// restoreSteps are the ids under which a cluster is made from a backup.
type restoreSteps struct{ machines, data, metadata, agents, services StepID }

// restoreCluster is RE1 to RE6.
func restoreCluster(c cluster, _ api.RestoreClusterInput) procedure {
	return steps(
		c.restored(restoreSteps{RE1, RE2, RE3, RE4, RE5}),
		c.tidy(RE6),
	).ends(Active)
}

// restored makes the cluster: CreateCluster's procedure with the data of the backup, and restore in place of start.
func (c cluster) restored(at restoreSteps) procedure {
	nodes, agents := c.NodeIDs(), c.AgentIDs(nil)
	return steps(
		do(at.machines, provision{nodes}).undo(
			undoing(at.metadata, "deregister the cluster from metadata", deregister{}).onlyIfAllElseIsUndone().succeeding(gone),
			undoing(at.machines, "release the resources of all nodes", releaseCluster{})),
		do(at.data, fillParts{nodes}),
		do(at.metadata, publish{}),
		do(at.agents, startAgents{agents}),
		c.initAndRestore(at.services),
	)
}

// initAndRestore is initAndStart with restore in place of start, where a role takes part in the restore.
func (c cluster) initAndRestore(id StepID) procedure {
	restores := func(r RoleView) bool { return r.TakesPart(ServiceRestore) }
	return steps(
		c.stage(id, ServiceInit, BeforeStart, nil),
		c.customMetadata(id, nil),
		c.stage(id, ServiceRestore, nil, c.Among(restores)).given(c.begun.Params),
		c.stage(id, ServiceStart, nil, c.Among(func(r RoleView) bool { return !restores(r) })),
		c.stage(id, ServiceInit, AfterStart, nil),
	)
}

// tidy removes the folders from which restore has read.
func (c cluster) tidy(id StepID) procedure {
	if c.begun.Backup.Policy != PolicyCustom {
		return nil
	}
	return do(id, trying{words: "folders of the backup are left on nodes", list: []effect{tidyBackup{on: c.AgentIDs(nil)}}})
}

// restoreInPlace is RI1 to RI5, of a package whose own commands replace the data.
func restoreInPlace(c cluster, in api.RestoreInPlaceInput) procedure {
	work, nodes := *c.begun.Backup, c.AgentIDs(nil)
	safety := skip(RI2, Words(OpRestoreInPlace, RI2), "the provider takes no snapshots")
	if work.Safety != "" {
		all := c.NodeIDs()
		safety = do(RI2, openBackup{safety: true}, snapshotVolumes{all, true}, storeParts{all, true}, completeBackup{safety: true},
			trying{words: "snapshots of the safety backup are left", list: []effect{tidyBackup{all, true}}}).
			undo(undoing(RI2, "remove what there is of the safety backup", dropBackup{safety: true}, tidyBackup{all, true})).
			scoped("safety backup")
	}
	return steps(
		// RI1: the guard, as before a deletion.
		c.guard(RI1, BeforeStop, nil, in.Force),

		// RI2: what is there now, before anything replaces it.
		safety,

		// RI3: the files of the backup, beside the data that is in use.
		do(RI3, fillParts{nodes}).undo(undoing(RI3, "remove the folders of the backup", tidyBackup{on: nodes})),

		// RI4: restore. Until it has succeeded everywhere the cluster counts as stopped.
		c.stage(RI4, ServiceRestore, nil, c.TakingPart(ServiceRestore)).given(c.begun.Params).begins(Stopped).ends(Active).
			staysFromHere(undoing(RI5, "remove the folders of the backup", tidyBackup{on: nodes})),

		c.tidy(RI5),
	)
}

// verifyBackup is VB1 to VB8: a restore into a cluster that nothing is left of, however it ends.
func verifyBackup(c cluster, _ api.VerifyBackupInput) procedure {
	return steps(
		c.restored(restoreSteps{VB1, VB2, VB3, VB4, VB5}),

		// VB6, VB7: the cluster serves, and has the data it had.
		do(VB6, awaitHealthy{c.AgentIDs(nil)}),
		c.run(VB7, ServiceVerify, nil, nil).given(c.begun.Params).printing(),
		do(VB7, noteVerified{}),

		// VB8: without the package's guards: the data has its backup.
		do(VB8, once{deleting{}}, once{releaseCluster{}}, deregister{}).begins(Deleting).ends(gone),
	).undoneFirst(undoing(VB7, "note that the backup could not be verified", noteFailed{}))
}

func joined(ids []string) string { return strings.Join(ids, ", ") }
