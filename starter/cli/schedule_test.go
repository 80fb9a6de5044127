package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	temporal "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"drover/client"
	"drover/fault"
	"drover/workflows/api"
)

// A schedule on a real server: made, replaced, paused, resumed and removed; its runs are shown with their outcome.
func TestScheduleOfBackups(t *testing.T) {
	t.Parallel()
	const id = known
	none := drover(t, "backup", "schedule", "show", id)
	require.Equal(t, exitRefused, none.code, none.stderr.String())
	require.Contains(t, none.stderr.String(), "has no schedule of backups")
	wrong := drover(t, "backup", "schedule", id, "--window", "3-5", "--keep", "0")
	require.Contains(t, wrong.stderr.String(), "is not of the form 03:00-05:00")
	require.Contains(t, wrong.stderr.String(), "keep: 0")
	require.Contains(t, drover(t, "backup", "schedule", id, "--window", "03:00-05:00", "--time-zone", "Mars/Base").stderr.String(), "was refused")

	made := drover(t, "backup", "schedule", id, "--window", "03:00-05:00")
	require.Zero(t, made.code, made.stderr.String())
	require.Contains(t, made.stdout.String(), "7 chains of 7 points")
	changed := drover(t, "backup", "schedule", id, "--window", "23:30-01:00", "--keep", "2", "--chain", "3", "--target", "far", "--time-zone", "Asia/Kolkata")
	require.Zero(t, changed.code, changed.stderr.String())
	show := func() client.Schedule {
		c := drover(t, "backup", "schedule", "show", id, "-o", "json")
		require.Zero(t, c.code, c.stderr.String())
		return decoded[client.Schedule](t, c.stdout.String())
	}
	s := show()
	require.Equal(t, api.ScheduledBackupInput{ClusterID: id, Window: "23:30-01:00", TimeZone: "Asia/Kolkata", Keep: 2, Chain: 3, Target: "far"}, s.ScheduledBackupInput)
	require.Equal(t, "18:00", s.Next.UTC().Format("15:04"))
	require.Empty(t, s.Runs)

	handle := server(t).client.ScheduleClient().GetHandle(t.Context(), api.ScheduleID(id))
	for n, want := range []string{client.StateSucceeded, client.StateFailed} {
		require.NoError(t, handle.Trigger(t.Context(), temporal.ScheduleTriggerOptions{}))
		require.Eventually(t, func() bool {
			s = show()
			return len(s.Runs) == n+1 && s.Runs[0].State != client.StateRunning
		}, time.Minute, 50*time.Millisecond)
		require.Equal(t, want, s.Runs[0].State)
	}
	require.Equal(t, &api.ScheduledBackupResult{Backup: "s-scripted", Deleted: []string{"s-oldest00"}}, s.Runs[1].Result)
	text := drover(t, "backup", "schedule", "show", id).stdout.String()
	require.Contains(t, text, "backup s-scripted, 1 chain deleted: s-oldest00")
	require.Contains(t, text, "the window passed")

	paused := drover(t, "backup", "schedule", "pause", id, "--reason", "migration")
	require.Contains(t, paused.stdout.String(), "never, paused by")
	require.Contains(t, paused.stdout.String(), "migration")
	require.True(t, show().Paused)
	require.Zero(t, drover(t, "backup", "schedule", "resume", id).code)
	require.False(t, show().Paused)
	require.Zero(t, drover(t, "backup", "schedule", "remove", id).code)
	require.Equal(t, exitRefused, drover(t, "backup", "schedule", "show", id).code)
}

// scheduledScript succeeds in the first window, and misses the next one.
func scheduledScript(ctx workflow.Context, _ api.ScheduledBackupInput) (api.ScheduledBackupResult, error) {
	if workflow.HasLastCompletionResult(ctx) {
		return api.ScheduledBackupResult{}, failing(fault.New(fault.NotAllowed, "the window passed"))
	}
	return api.ScheduledBackupResult{Backup: "s-scripted", Deleted: []string{"s-oldest00"}}, nil
}
