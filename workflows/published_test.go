package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// yank yanks a version, or gives it back.
func (w *world) yank(version string, undo bool) {
	w.t.Helper()
	require.NoError(w.t, w.startAs("app/app/"+version, api.YankApp, api.YankAppInput{App: "app", Version: version, Undo: undo}).err)
}

// A yanked version reaches no further cluster. One that has it keeps it, with the way back and restores.
func TestYankedVersionStaysWithItsClusters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createDevice(w)
	b := w.backup(api.BackupClusterInput{})
	next := top{"backup_policy": "device", "upgrade_policy": []string{"1"}}
	w.publishAs("app", "2", next, nodes("a", 2, "start", "stop", "upgrade"), nodes("b", 1, "start order=1"))

	w.yank("2", false)
	f := w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).fault()
	require.Equal(t, fault.NotAllowed, f.Type)
	require.True(t, f.Refused)
	require.Equal(t, "version 2 of app is yanked since 2026-01-02T03:04:05Z: no cluster gets it", f.Message)
	require.Contains(t, f.Hint, "drover apps yank app --version 2 --undo")
	w.yank("2", true)
	w.refuse("upgrade", "a")
	require.Error(t, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).err)
	require.Equal(t, lifecycle.UpgradeFailed, w.record().State)

	w.yank("1", false)
	w.yank("2", false)
	w.start1(api.DowngradeCluster, api.DowngradeClusterInput{})
	require.Equal(t, "1", w.record().VersionID)
	require.NoError(t, w.restore(api.RestoreCluster, api.RestoreClusterInput{Backup: b.ID}).err)
	require.Equal(t, "1", w.restoredRecord().VersionID)
	w.sound()

	create := func(version string) fault.Fault {
		return w.startAs("cluster/cl-another0", api.CreateCluster, api.CreateClusterInput{App: "app", Version: version}).fault()
	}
	require.Contains(t, create("1").Message, "version 1 of app is yanked")
	f = create("")
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Equal(t, "all published versions of app are yanked: 2, 1", f.Message)
}
