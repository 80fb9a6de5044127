package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

func TestScheduledBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := api.ScheduledBackupInput{ClusterID: clusterID, Window: "03:00-05:00", Keep: 1, Chain: 1}
	scheduled := func() *run { return w.startAs(api.ScheduleID(clusterID)+"-1", api.ScheduledBackup, in) }
	require.NoError(t, scheduled().err, "a cluster that is gone needs no backup")

	createDevice(w)
	manual := w.backup(api.BackupClusterInput{Full: true}).ID
	var made []string
	for range 3 {
		w.later += 24 * time.Hour
		require.NoError(t, scheduled().err)
		all := w.catalogue()
		require.Len(t, all, 2, "one chain of the schedule is kept, and the one that a person began")
		for _, b := range all {
			require.Equal(t, lifecycle.BackupWhole, b.State)
			if b.ID != manual {
				require.Equal(t, lifecycle.BackupScheduled, b.Why)
				require.NotContains(t, made, b.ID)
				made = append(made, b.ID)
			}
		}
	}
	require.Len(t, made, 3)

	w.start1(api.StopCluster, api.StopClusterInput{})
	f := scheduled().fault()
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Contains(t, f.Message, "the window 03:00-05:00 passed without a backup of cl-test0001: the cluster is stopped")
	require.Len(t, w.catalogue(), 2)
}

func TestWindows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"03:00-05:00": "3h0m0s 2h0m0s", "23:30-01:00": "23h30m0s 1h30m0s", "00:00-00:00": "0s 24h0m0s", "3:00-3:02": "shorter", "3-5": "form", "25:00-26:00": "form",
	} {
		opens, length, err := api.ParseWindow(text)
		if err != nil {
			require.ErrorContains(t, err, want, text)
			continue
		}
		require.Equal(t, want, opens.String()+" "+length.String(), text)
	}
	require.Len(t, api.ScheduledBackupInput{ClusterID: "x", Window: "now"}.Problems(), 4)
}
