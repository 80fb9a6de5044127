package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"

	"github.com/stretchr/testify/require"
)

func guarded(t testing.TB) *Journal {
	t.Helper()
	j := newJournal(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		j.Guard(t.Context(), slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() { <-done })
	return j
}

// began launches a command that waits for a gate, and gives its shell and its supervisor.
func began(t testing.TB, j *Journal, id string, c api.Command) (shell, supervisor int, release func()) {
	t.Helper()
	gate, release := gateFile(t)
	c.Cmd = strings.ReplaceAll(c.Cmd, "GATE", gate)
	_, err := j.Launch(t.Context(), id, c)
	require.NoError(t, err)
	shell = groupOf(t, j.entry(id)).Pgid
	return shell, parentOf(t, shell), release
}

// stop stops a process, and waits for each of its threads: one that was waiting for a child, and has not run since, would
// still collect it. It reports false for a process that has ended before.
func stop(t testing.TB, pid int) (stopped bool) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); errors.Is(err, syscall.ESRCH) {
		return false
	}
	require.Eventually(t, func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		stopped = err == nil && len(threads) > 0
		for _, thread := range threads {
			text, read := os.ReadFile(thread)
			_, state, _ := strings.Cut(string(text), ") ")
			if read != nil || strings.HasPrefix(state, "Z") {
				stopped = false
				continue
			}
			if !strings.HasPrefix(state, "T") {
				return false
			}
		}
		return true
	}, patience, time.Millisecond)
	return stopped
}

func TestStoppedSupervisorStillEndsAtTheTimeLimit(t *testing.T) {
	t.Parallel()
	j := guarded(t)
	id, shell, stopped := "", 0, false
	for limit := 1; !stopped; limit *= 2 { // on a busy machine the limit may come first
		id = fmt.Sprintf("limit-%d", limit)
		var supervisor int
		shell, supervisor, _ = began(t, j, id, api.Command{Cmd: "read x < GATE", TimeoutSec: limit, GraceSec: 1})
		stopped = stop(t, supervisor)
	}
	st := ended(t, j, id)
	require.True(t, st.TimedOut)
	require.Equal(t, api.OutcomeFailed, st.Outcome())
	require.False(t, alive(shell))
}

func TestStoppedSupervisorStillObeysACancel(t *testing.T) {
	t.Parallel()
	j := newJournal(t) // the cancel itself is enough
	shell, supervisor, _ := began(t, j, "cancel", api.Command{Cmd: "read x < GATE", TimeoutSec: 600, GraceSec: 1})
	stop(t, supervisor)
	st, err := j.Attach(t.Context(), "cancel", 0)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("its supervisor, process %d, is stopped", supervisor), st.Progress())
	st, err = j.Cancel(t.Context(), "cancel", patience)
	require.NoError(t, err)
	require.True(t, st.Canceled)
	require.False(t, alive(shell))
}

// What ended within its time limit keeps its own end, however late its supervisor hears of it.
func TestEndWhileTheSupervisorWasStoppedIsNoTimeout(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	shell, supervisor, release := began(t, j, "e", api.Command{Cmd: "read x < GATE; exit 4", TimeoutSec: 5, GraceSec: 1})
	stop(t, supervisor)
	release()
	gone(t, shell, "shell")
	before := uptime()
	require.Eventually(t, func() bool { return uptime() > before+5500*time.Millisecond }, patience, 50*time.Millisecond)
	require.NoError(t, syscall.Kill(supervisor, syscall.SIGCONT))
	st := ended(t, j, "e")
	require.Equal(t, 4, st.ExitCode)
	require.False(t, st.TimedOut)
}

// A supervisor that does not even run when it is continued is replaced: it stays stopped here, as if it were frozen.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exits bool
		end   result
		want  api.CommandStatus
	}{
		"alive":  {false, result{TimedOut: true}, api.CommandStatus{TimedOut: true, ExitCode: 128 + int(syscall.SIGTERM)}},
		"zombie": {true, result{}, api.CommandStatus{ExitCode: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(t)
			count := filepath.Join(t.TempDir(), "count")
			cmd := api.Command{Cmd: "echo ran | tee " + count + "; read x < GATE; exit 6", TimeoutSec: 600, GraceSec: 1}
			shell, supervisor, release := began(t, j, "t", cmd)
			eventually(t, count)
			require.Eventually(t, func() bool { _, st, _ := j.entry("t").status(); return st.Output != "" }, patience, time.Millisecond)
			stop(t, supervisor)
			if c.exits {
				release()
				gone(t, shell, "shell")
			}
			_, r, err := j.entry("t").look()
			require.NoError(t, err)
			require.NoError(t, j.entry("t").takeOver(t.Context(), r, c.end))
			st, err := j.Attach(t.Context(), "t", 0)
			require.NoError(t, err)
			require.Equal(t, api.StateExited, st.State)
			require.Equal(t, c.want.ExitCode, st.ExitCode)
			require.Equal(t, c.want.TimedOut, st.TimedOut)
			require.Equal(t, "ran", st.LastLine)
			gone(t, supervisor, "supervisor")
			gone(t, shell, "shell")
			require.Equal(t, "ran", eventually(t, count), "once")
		})
	}
}

// due is the table of when a supervisor had its time.
func TestASupervisorHasItsTime(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	g := &guard{journal: j, zombies: map[string]time.Time{}}
	shell, _, release := began(t, j, "d", api.Command{Cmd: "read x < GATE", TimeoutSec: 100, GraceSec: 1})
	e := j.entry("d")
	_, r, err := e.look()
	require.NoError(t, err)
	_, due := g.due(e, r)
	require.False(t, due)
	late := *r.Started
	late.Uptime -= 100*time.Second + time.Second + afterKill + overdue + time.Second
	r.Started = &late
	end, due := g.due(e, r)
	require.True(t, due)
	require.Equal(t, result{TimedOut: true}, end)

	_, r, err = e.look()
	require.NoError(t, err)
	require.NoError(t, e.markCancelled())
	_, due = g.due(e, r)
	require.False(t, due)
	past := time.Now().Add(-time.Second - afterKill - overdue - time.Second)
	require.NoError(t, os.Chtimes(e.path(cancelName), past, past))
	end, due = g.due(e, r)
	require.True(t, due)
	require.Equal(t, result{Canceled: true}, end)

	release()
	ended(t, j, "d")
	gone(t, shell, "shell")
	_, due = g.due(e, r)
	require.False(t, due, "a supervisor that collected the exit code is writing it")
}

// A supervisor that was stopped reads the request when it is not wanted any more.
func TestARequestThatComesTooLateBeginsNothing(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	marker := filepath.Join(t.TempDir(), "ran")
	e := j.entry("late")
	require.NoError(t, e.plan(sh("touch "+marker)))
	err := j.spawn(e, sinceBoot()-1)
	require.ErrorContains(t, err, "too late")
	p, _, err := e.look()
	require.NoError(t, err)
	require.Equal(t, planned, p)
	require.NoFileExists(t, marker)
}
