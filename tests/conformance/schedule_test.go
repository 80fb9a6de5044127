package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	temporal "go.temporal.io/sdk/client"

	"drover/client"
	"drover/workflows/api"
)

// A schedule of the real server starts backups, which delete the oldest chain; a window in which the cluster cannot be backed up is
// reported; the schedule goes with its cluster.
func TestSchedules(t *testing.T) {
	t.Parallel()
	c := create(t, stored("device"), api.CreateClusterInput{}, "start: a/1 a/2"+a12)
	d := &client.Client{Temporal: temporals, Now: time.Now}
	ctx := t.Context()
	require.NoError(t, d.SetSchedule(ctx, api.ScheduledBackupInput{ClusterID: c.id, Window: "03:00-05:00", Keep: 9, Chain: 1}))
	require.NoError(t, d.SetSchedule(ctx, api.ScheduledBackupInput{ClusterID: c.id, Window: "04:30-04:35", TimeZone: "Europe/Berlin", Keep: 1, Chain: 1}))
	s, err := d.Schedule(ctx, c.id)
	require.NoError(t, err)
	require.Equal(t, "04:30-04:35", s.Window)
	require.Empty(t, s.Runs)
	require.Equal(t, 30, s.Next.Minute())

	handle := temporals.ScheduleClient().GetHandle(ctx, api.ScheduleID(c.id))
	// opens the window, and waits for the end of the run.
	opens := func(runs int) client.ScheduledRun {
		require.NoError(t, handle.Trigger(ctx, temporal.ScheduleTriggerOptions{}))
		require.Eventually(t, func() bool {
			s, err = d.Schedule(ctx, c.id)
			return err == nil && len(s.Runs) == runs && s.Runs[0].State != client.StateRunning
		}, operationLimit, 100*time.Millisecond)
		return s.Runs[0]
	}
	c.rec.expect(groupsOf(t, []string{"backup: a/1 a/2" + a12, "verify: a/1"}))
	first := opens(1)
	require.Nil(t, first.Error, "%v", first.Error)
	require.Empty(t, c.rec.verdict())
	c.rec.expect(groupsOf(t, []string{"backup: a/1 a/2" + a12, "verify: a/1"}))
	second := opens(2)
	require.Equal(t, []string{first.Result.Backup}, second.Result.Deleted)
	list, err := execute[api.BackupList](t, "read/backups/"+c.id, api.ListBackups, api.ListBackupsInput{ClusterID: c.id})
	require.NoError(t, err)
	require.Len(t, list.Backups, 1)
	require.Equal(t, "scheduled", list.Backups[0].Why)

	require.NoError(t, d.PauseSchedule(ctx, c.id, true, "migration"))
	s, err = d.Schedule(ctx, c.id)
	require.NoError(t, err)
	require.True(t, s.Paused)
	require.Zero(t, s.Next)
	require.NoError(t, d.PauseSchedule(ctx, c.id, false, ""))

	c.run(api.DeleteCluster, api.DeleteClusterInput{Keep: "1h"}, "destroy: a/1 a/2"+a12, "stop: a/1 a/2")
	require.Equal(t, "the cluster is in the recycle bin", opens(3).Result.Skipped)
	c.run(api.CeaseCluster, api.CeaseClusterInput{})
	_, err = d.Schedule(ctx, c.id)
	require.ErrorContains(t, err, "has no schedule")
}
