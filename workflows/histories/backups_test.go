package histories

import (
	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// activeBackedUp is an active cluster with a backup; backedUp is one of which only the backup is left.
func activeBackedUp(w *world) {
	active(w)
	w.done(api.BackupCluster, api.BackupClusterInput{})
}

func backedUp(w *world) {
	activeBackedUp(w)
	w.done(api.DeleteCluster, api.DeleteClusterInput{Force: true})
}

// last is the only backup.
func (w *world) last() string {
	w.t.Helper()
	all, err := w.backups.Backups(w.ctx)
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0].ID
}

func restoreLast(w *world) any { return api.RestoreClusterInput{Backup: w.last()} }
func verifyLast(w *world) any {
	return api.VerifyBackupInput{RestoreClusterInput: api.RestoreClusterInput{Backup: w.last()}}
}
func deleteLast(w *world) any  { return api.DeleteBackupInput{Backup: w.last()} }
func inPlaceLast(w *world) any { return api.RestoreInPlaceInput{Backup: w.last()} }
func importLast(w *world) any  { return api.ImportBackupInput{Backup: w.last()} }
func exportLast(w *world) any  { return api.ExportBackupInput{Backup: w.last(), Target: "far"} }
