package histories

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/fakes"
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

// saves leaves a file in the folder that the argument of backup names.
func saves(t *testing.T, folders *fakes.Folders, e fakes.Execution) {
	t.Helper()
	for _, v := range e.Env {
		text, ok := strings.CutPrefix(v, "DROVER_PARAMS=")
		if !ok {
			continue
		}
		var argument struct{ Path string }
		require.NoError(t, json.Unmarshal([]byte(text), &argument))
		var stream bytes.Buffer
		w := tar.NewWriter(&stream)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "file", Typeflag: tar.TypeReg, Mode: 0o600, Size: 4, Format: tar.FormatPAX}))
		_, err := w.Write([]byte("kept"))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		folders.Set(e.Node.ID, argument.Path, stream.Bytes())
	}
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
