package health

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCounter(t *testing.T) {
	t.Parallel()
	s := withDefaults(api.HealthCheck{HealthyThreshold: 2, UnhealthyThreshold: 3})
	require.Equal(t, []int{60, 10, 30}, []int{s.IntervalSec, s.TimeoutSec, s.ActionTimeoutSec})
	c := counter{state: Unknown}
	var acts int
	now := time.Unix(0, 0)
	for i, step := range []struct {
		checks string // + and -, 60 s apart; r is a rest
		state  string
		acts   int
	}{
		{"+", Unknown, 0}, {"-", Unknown, 0}, {"++", Healthy, 0}, {"--", Healthy, 0}, {"+", Healthy, 0},
		{"---", Unhealthy, 1}, {"--", Unhealthy, 1}, {"-", Unhealthy, 2},
		{"-----", Unhealthy, 2}, {"-", Unhealthy, 3}, // 3 minutes later, then 6
		{"-----------", Unhealthy, 3}, {"-", Unhealthy, 4}, {"+", Unhealthy, 4}, {"-", Unhealthy, 4},
		{"++", Healthy, 4}, {"---", Unhealthy, 5}, {"--", Unhealthy, 5}, {"-", Unhealthy, 6}, // pauses begin again
		{"++", Healthy, 6}, {"--r--", Healthy, 6}, {"-", Unhealthy, 7}, {"r--", Unhealthy, 7}, {"-", Unhealthy, 8},
	} {
		for _, sign := range step.checks {
			now = now.Add(time.Minute)
			switch {
			case sign == 'r':
				c.rest()
			case c.add(sign == '+', now, s):
				acts++
				c.acted(now, s)
			}
		}
		require.Equal(t, step.state, c.state, "step %d", i)
		require.Equal(t, step.acts, acts, "step %d", i)
	}
	var pauses []time.Duration
	for range 8 {
		pauses = append(pauses, c.pause)
		c.acted(now, s)
	}
	require.Equal(t, []time.Duration{6 * time.Minute, 12 * time.Minute, 24 * time.Minute, 48 * time.Minute, time.Hour, time.Hour, time.Hour, time.Hour}, pauses)
	slow := api.HealthCheck{IntervalSec: 3600, UnhealthyThreshold: 3}
	c.acted(now, slow)
	require.Equal(t, 3*time.Hour, c.pause, "the settings ask for longer pauses")
}

func TestRunnerFollowsTheApplication(t *testing.T) {
	t.Parallel()
	well := filepath.Join(t.TempDir(), "well")
	require.NoError(t, os.WriteFile(well, nil, 0o600))
	actions := make(chan string, 10)
	r := New(func(_ context.Context, cmd string, timeout int) error {
		require.Equal(t, 7, timeout)
		actions <- cmd
		return nil
	}, never, slog.New(slog.DiscardHandler))
	defer r.Stop()
	require.Equal(t, Disabled, r.State())
	s := &api.HealthCheck{Enable: true, IntervalSec: 1, TimeoutSec: 5, ActionTimeoutSec: 7, HealthyThreshold: 1, UnhealthyThreshold: 1,
		CheckCmd: "test -e " + well, ActionCmd: "fix it"}
	r.Set(t.Context(), s, nil)
	require.Equal(t, Unknown, r.State())
	until(t, func() bool { return r.State() == Healthy })
	require.NoError(t, os.Remove(well))
	until(t, func() bool { return r.State() == Unhealthy })
	require.Equal(t, "fix it", <-actions)
	require.Equal(t, "fix it", <-actions, "again while it stays unhealthy")
	require.Equal(t, Unhealthy, r.State())
	off := *s
	off.Enable = false
	r.Set(t.Context(), &off, nil)
	require.Equal(t, Disabled, r.State())
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, time.Minute, 5*time.Millisecond)
}

func TestShellEndsItsWholeGroupInTime(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	err := runShell(t.Context(), "(trap '' TERM; sleep 1000) & echo $! > "+pid+"; wait", 3*time.Second, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	b, err := os.ReadFile(pid)
	require.NoError(t, err)
	until(t, func() bool {
		st, err := os.ReadFile("/proc/" + strings.TrimSpace(string(b)) + "/stat")
		return err != nil || strings.Contains(string(st), ") Z ")
	})
}

func TestShellReturnsAtTheExit(t *testing.T) {
	t.Parallel()
	out := &bounded{limit: 8}
	pid := filepath.Join(t.TempDir(), "pid")
	require.NoError(t, runShell(t.Context(), "sleep 1000 & echo $! > "+pid+"; echo 0123456789", time.Minute, out))
	require.Equal(t, "01234567", string(out.kept))
	b, err := os.ReadFile(pid)
	require.NoError(t, err)
	left, err := strconv.Atoi(strings.TrimSpace(string(b)))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(left, syscall.SIGKILL), "what the command left behind lives on")
	require.Error(t, runShell(t.Context(), "exit 3", time.Minute, nil))
}

func TestOneObject(t *testing.T) {
	t.Parallel()
	got, err := oneObject([]byte(" {\"a\": 1,\n \"b\":\"x\"}\n"))
	require.NoError(t, err)
	require.JSONEq(t, `{"a":1,"b":"x"}`, string(got))
	for _, bad := range []string{"", "[]", "1", "{}{}", "{\"a\":", "noise {}"} {
		_, err := oneObject([]byte(bad))
		require.Error(t, err, bad)
	}
}

func never(context.Context) Rest { return Awake }

func TestRunnerRestsWhileAnOperationRuns(t *testing.T) {
	t.Parallel()
	asked := make(chan bool, 10)
	r := New(func(context.Context, string, int) error {
		t.Error("no action runs while an operation runs")
		return nil
	}, func(context.Context) Rest { asked <- true; return AllRest }, slog.New(slog.DiscardHandler))
	defer r.Stop()
	r.Set(t.Context(), &api.HealthCheck{Enable: true, IntervalSec: 1, UnhealthyThreshold: 1, CheckCmd: "false", ActionCmd: "fix it"}, nil)
	<-asked
	<-asked
	require.Equal(t, Unknown, r.State())
}

// In maintenance the application is checked, and nothing is done about it.
func TestActionsRestInMaintenance(t *testing.T) {
	t.Parallel()
	r := New(func(context.Context, string, int) error {
		t.Error("no action runs in maintenance")
		return nil
	}, func(context.Context) Rest { return ActionsRest }, slog.New(slog.DiscardHandler))
	defer r.Stop()
	changed := make(chan struct{}, 10)
	r.Changed = func() { changed <- struct{}{} }
	r.Set(t.Context(), &api.HealthCheck{Enable: true, IntervalSec: 1, UnhealthyThreshold: 2, CheckCmd: "false", ActionCmd: "fix it"}, nil)
	<-changed
	<-changed
	require.Equal(t, Unhealthy, r.State())
	require.Equal(t, "the health check failed 2 times in a row: exit status 1", r.Now().Reason)
}
