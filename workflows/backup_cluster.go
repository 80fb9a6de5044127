package workflows

import (
	. "drover/lifecycle"
	"drover/workflows/api"
)

// backupCluster is BK1 to BK4. The cluster is never touched beyond what the package's backup does.
func backupCluster(c cluster, _ api.BackupClusterInput) procedure {
	work, keep := *c.begun.Backup, c.TakingPart(ServiceBackup)
	nodes := IDsOf(c.Refs(keep))
	kind := "full"
	if work.Parent != "" {
		kind = "incremental, after " + work.Parent
	}

	return steps(
		// BK1: an entry of the catalogue that is unfinished, then the package's backup.
		do(BK1, openBackup{}).about("enter the backup (%s) in the catalogue as unfinished", kind).undo(
			undoing(BK1, "remove what there is of the backup", dropBackup{}),
			undoing(BK2, "remove snapshots and folders", tidyBackup{on: nodes})),
		c.stage(BK1, ServiceBackup, nil, keep).given(c.begun.Params),

		// BK1b: what verify prints of the data that was just prepared.
		c.run(BK1b, ServiceVerify, nil, nil).given(c.begun.Params).printing(),

		// BK2: snapshots, where the provider copies the data.
		c.snapshots(work.Policy, nodes),

		// BK3: the data leaves the cluster.
		do(BK3, storeParts{on: nodes}),

		// BK4: whole from here on, whatever happens.
		do(BK4, commit{completeBackup{}}, trying{words: "snapshots or folders of the backup are left at the cluster", list: []effect{tidyBackup{on: nodes}}}),
	)
}

func (c cluster) snapshots(policy string, nodes []string) procedure {
	if policy == PolicyCustom {
		return skip(BK2, Words(OpBackupCluster, BK2), "the package's backup has copied the data")
	}
	return do(BK2, snapshotVolumes{on: nodes})
}

// deleteBackup is DB1 to DB3. There is nothing to undo: a backup that is being deleted is never used again.
func deleteBackup(c cluster, _ api.DeleteBackupInput) procedure {
	work := *c.begun.Backup
	deletion := c.stage(DB2, ServiceDeleteSnapshot, nil, nil).given(c.begun.Params)
	switch {
	case len(c.Roles) == 0:
		deletion = skip(DB2, ServiceDeleteSnapshot, "the cluster does not exist any more")
	case work.Policy != PolicyCustom:
		deletion = nil
	case c.State != Active:
		deletion = skip(DB2, ServiceDeleteSnapshot, "the cluster is "+string(c.State))
	}
	return steps(
		do(DB1, markBackups{}).about("mark %s as being deleted", joined(work.Deletes)),
		deletion,
		do(DB3, removeBackups{}),
	)
}
