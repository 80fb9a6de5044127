package confd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/agent/api"
	"drover/fault"
)

func TestPassSwapsAllBeforeItReloads(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`, `reload_cmd = "reload both"`)
	n.resource("b", `{{getv "/v"}}`, `reload_cmd = "reload b"`)
	n.resource("c", `{{getv "/v"}}`, `reload_cmd = "reload both"`)
	n.kv["/v"] = "1"
	n.do = func(Command) {
		for _, name := range []string{"a", "b", "c"} {
			require.Equal(t, n.kv["/v"], n.read(name), "a reload ran before all files were there")
		}
	}
	r := n.apply()
	require.Equal(t, 3, r.Changed)
	require.Equal(t, int64(1), r.Revision)
	require.Equal(t, []string{"reload both", "reload b"}, r.Reloaded)
	require.Empty(t, r.Warnings)
	require.Equal(t, []string{"reload both", "reload b"}, n.took())

	r = n.apply()
	require.Zero(t, r.Changed)
	require.Empty(t, n.took(), "nothing changed, nothing reloads")

	n.kv["/v"] = "2"
	n.apply()
	require.Equal(t, []string{"reload both", "reload b"}, n.took())
}

func TestRestartAloneNeverReloads(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`, `reload_cmd = "r"`)
	n.apply()
	require.Equal(t, []string{"r"}, n.took())
	n.restart()
	n.apply()
	require.Empty(t, n.took())

	require.NoError(t, os.Remove(n.state))
	n.restart()
	n.apply()
	require.Empty(t, n.took(), "a lost state file reloads nothing either")
}

func TestPreparedFileIsTakenAsApplied(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`, `reload_cmd = "r"`)
	require.NoError(t, os.MkdirAll(n.out, 0o755))
	require.NoError(t, os.WriteFile(n.path("a"), []byte("x"), 0o644))
	require.Zero(t, n.apply().Changed)
	require.Empty(t, n.took())
}

func TestDriftIsRepairedAndReloads(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `right`, `mode = "0640"`, `reload_cmd = "r"`)
	n.apply()
	n.took()
	for name, disturb := range map[string]func() error{
		"content":  func() error { return os.WriteFile(n.path("a"), []byte("wrong"), 0o640) },
		"length":   func() error { return os.WriteFile(n.path("a"), []byte("right and more"), 0o640) },
		"mode":     func() error { return os.Chmod(n.path("a"), 0o600) },
		"deletion": func() error { return os.Remove(n.path("a")) },
	} {
		require.NoError(t, disturb())
		r, err := n.Retry(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, r.Changed, name)
		require.Equal(t, "right", n.read("a"))
		info, err := os.Stat(n.path("a"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm(), name)
		require.Equal(t, []string{"r"}, n.took(), name)
	}
}

func TestFailedRenderLeavesOnlyItsFile(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", "one\n{{getv \"/missing\"}}", `reload_cmd = "ra"`)
	n.resource("b", "fine", `reload_cmd = "rb"`)
	r := n.apply()
	require.Equal(t, []string{"a.toml render"}, whats(r.Warnings))
	require.Contains(t, r.Warnings[0].Message, "a.tmpl:2")
	require.Contains(t, r.Warnings[0].Message, "/missing")
	require.NoFileExists(t, n.path("a"))
	require.Equal(t, "fine", n.read("b"))
	require.Equal(t, []string{"rb"}, n.took())
	require.True(t, n.NextRetry().IsZero(), "rendering again without a change is useless")
}

func TestCheckSeesTheStagedFileAndKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`, `mode = "0600"`, `check_cmd = "check {{.src}}"`, `reload_cmd = "r"`)
	n.kv["/v"] = "good"
	n.do = func(c Command) {
		if c.Kind == "check" {
			staged := strings.TrimPrefix(c.Line, "check ")
			require.Equal(t, n.out, filepath.Dir(staged))
			text, err := os.ReadFile(staged)
			require.NoError(t, err)
			require.Equal(t, n.kv["/v"], string(text))
			n.fail = nil
			if n.kv["/v"] == "bad" {
				n.fail = map[string]string{c.Line: strings.Repeat("x", 2000) + "the end"}
			}
		}
	}
	n.apply()
	require.Len(t, n.took(), 2)
	n.kv["/v"] = "bad"
	r := n.apply()
	require.Equal(t, []string{"a.toml check"}, whats(r.Warnings))
	require.Len(t, r.Warnings[0].Output, maxTail)
	require.True(t, strings.HasSuffix(r.Warnings[0].Output, "the end"))
	require.Equal(t, "good", n.read("a"))
	require.Len(t, n.took(), 1, "no reload")

	r = n.apply()
	require.Equal(t, []string{"a.toml check"}, whats(r.Warnings), "still reported")
	require.Empty(t, n.took(), "but not checked again before its time")
	n.clock = n.NextRetry()
	_, err := n.Retry(t.Context())
	require.NoError(t, err)
	require.Len(t, n.took(), 1)

	n.kv["/v"] = "good"
	require.Empty(t, n.apply().Warnings)
	require.True(t, n.NextRetry().IsZero())
	require.Empty(t, n.took(), "back to what is applied: nothing to do")
}

func TestFailedReloadIsRetriedWithBackOff(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`, `reload_cmd = "r"`)
	n.resource("other", `{{getv "/v"}}`)
	n.kv["/v"] = "1"
	n.fail = map[string]string{"r": "no service"}
	r := n.apply()
	require.Equal(t, []string{"a.toml reload"}, whats(r.Warnings))
	require.Equal(t, "no service", r.Warnings[0].Output)
	require.Equal(t, StatusPending, n.Resources()[0].Status)
	require.Len(t, n.took(), 1)

	n.kv["/v"] = "2"
	r = n.apply()
	require.Equal(t, []string{"a.toml reload"}, whats(r.Warnings), "another revision carries the warning")
	require.Empty(t, n.took(), "and does not hurry the retry")

	wait := firstRetry
	for range 8 {
		require.Equal(t, wait, n.NextRetry().Sub(n.clock))
		n.clock = n.NextRetry()
		_, err := n.Retry(t.Context())
		require.NoError(t, err)
		require.Len(t, n.took(), 1)
		wait = min(2*wait, lastRetry)
	}

	r, err := n.Reload(t.Context())
	require.NoError(t, err)
	require.Len(t, n.took(), 1, "agent reload does not wait")
	require.Len(t, r.Warnings, 1)

	n.restart()
	r = n.apply()
	require.Len(t, n.took(), 1, "what was never applied is still due after a restart")
	require.Len(t, r.Warnings, 1)

	n.fail = nil
	n.clock = n.NextRetry()
	r, err = n.Retry(t.Context())
	require.NoError(t, err)
	require.Empty(t, r.Warnings)
	require.Equal(t, []string{"r"}, r.Reloaded)
	require.True(t, n.NextRetry().IsZero())
	n.restart()
	n.took()
	n.apply()
	require.Empty(t, n.took())
}

func TestCrashBetweenSwapAndReload(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`)
	n.kv["/v"] = "1"
	n.apply()
	n.kv["/v"] = "2"
	ctx, cancel := context.WithCancel(t.Context())
	n.do = func(Command) { cancel() }
	n.fail = map[string]string{"r": ""}
	_, err := n.Apply(ctx, 2, n.kv)
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "2", n.read("a"))
	n.took()

	n.do, n.fail = nil, nil
	n.restart()
	r := n.apply()
	require.Zero(t, r.Changed)
	require.Equal(t, []string{"r"}, n.took(), "the file looks unchanged, the service never heard of it")
}

func TestAppliedDecidesNotTheFile(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`)
	n.kv["/v"] = "1"
	n.apply()
	n.took()
	require.NoError(t, os.WriteFile(n.path("a"), []byte("2"), 0o644))
	n.kv["/v"] = "2"
	require.Zero(t, n.apply().Changed)
	require.Equal(t, []string{"r"}, n.took())
}

func TestReloadCommandAddedLater(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`)
	n.kv["/v"] = "1"
	n.apply()
	n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`)
	n.apply()
	require.Empty(t, n.took(), "the file did not change")
	n.kv["/v"] = "2"
	n.apply()
	require.Equal(t, []string{"r"}, n.took())
}

func TestFailedSwapIsNotReloaded(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`, `check_cmd = "c"`, `reload_cmd = "ra"`)
	n.resource("b", `x`, `reload_cmd = "rb"`)
	n.do = func(c Command) {
		if c.Kind == "check" { // after staging, before the swap
			require.NoError(t, os.MkdirAll(n.path("a/in the way"), 0o755))
		}
	}
	r := n.apply()
	require.Equal(t, []string{"a.toml write"}, whats(r.Warnings))
	require.Equal(t, 1, r.Changed)
	require.Equal(t, []string{"c", "rb"}, n.took())
	n.do = nil
	require.NoError(t, os.RemoveAll(n.path("a")))
	require.NoError(t, os.WriteFile(n.path("a"), []byte("x"), 0o644))
	require.Empty(t, n.apply().Warnings)
	require.Empty(t, n.took(), "nothing was known of the file and it is as wanted")
}

func TestMinReloadInterval(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`, `min_reload_interval = "1m"`)
	n.kv["/v"] = "1"
	n.apply()
	require.Len(t, n.took(), 1)
	n.clock = n.clock.Add(firstRetry)
	n.kv["/v"] = "2"
	r := n.apply()
	require.Equal(t, "2", n.read("a"), "the file does not wait")
	require.Empty(t, r.Warnings)
	require.Empty(t, n.took())
	require.Equal(t, StatusPending, n.Resources()[0].Status)
	n.restart()
	n.apply()
	require.Empty(t, n.took(), "the interval holds over a restart")
	n.clock = n.NextRetry()
	_, err := n.Retry(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"r"}, n.took())
	require.True(t, n.NextRetry().IsZero())
}

func TestInterruptedPassLeavesNothing(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`, `check_cmd = "c"`)
	ctx, cancel := context.WithCancel(t.Context())
	n.do = func(Command) { cancel() }
	_, err := n.Apply(ctx, 1, n.kv)
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, n.path("a"))
	n.noStagedFiles()
}

func TestStagedFilesOfACrashAreRemoved(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`)
	require.NoError(t, os.MkdirAll(n.out, 0o755))
	require.NoError(t, os.WriteFile(n.path(stagedPrefix+"a-0102"), nil, 0o600))
	n.apply()

	gone := newNode(t)
	gone.resource("sub/b", `x`)
	gone.apply()
	require.NoError(t, os.WriteFile(gone.path("sub/"+stagedPrefix+"b-0102"), nil, 0o600))
	require.NoError(t, os.Remove(filepath.Join(gone.conf, "conf.d/sub/b.toml")))
	gone.restart()
	gone.apply() // also when the resource is gone since
}

func TestReloadBeforeTheFirstRevision(t *testing.T) {
	t.Parallel()
	_, err := newNode(t).Reload(t.Context())
	require.True(t, fault.Is(err, fault.NotAllowed))
}

func TestNoResourcesAtAll(t *testing.T) {
	t.Parallel()
	r := newNode(t).apply()
	require.Empty(t, r.Warnings)
	require.Zero(t, r.Changed)
}

func TestPassesWaitForTheFolderLock(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`)
	other, err := os.Open(n.conf)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, syscall.Flock(int(other.Fd()), syscall.LOCK_EX))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := n.Apply(ctx, 1, n.kv)
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, syscall.Flock(int(other.Fd()), syscall.LOCK_UN))
	require.Equal(t, 1, n.apply().Changed)
}

func TestStateFileIsPrivate(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `{{getv "/secret"}}`, `reload_cmd = "r"`)
	n.kv["/secret"] = "hunter2"
	n.apply()
	info, err := os.Stat(n.state)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(n.state)
	require.NoError(t, err)
	require.NotContains(t, string(text), "hunter2")
	require.NoFileExists(t, n.state+".new")

	require.NoError(t, os.WriteFile(n.state, []byte("{rubbish"), 0o600))
	n.took()
	n.restart()
	n.apply()
	require.Empty(t, n.took(), "a damaged state file reloads nothing")
}

// What a resource's own reload_cmd makes of its file is not drift, however often a pass looks. What anything else makes is.
func TestOwnReloadLeavesNoDrift(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, string){
		"content": func(t *testing.T, file string) { require.NoError(t, os.WriteFile(file, []byte("x, managed"), 0o644)) },
		"mode":    func(t *testing.T, file string) { require.NoError(t, os.Chmod(file, 0o600)) },
		"removed": func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			n.kv["/v"] = "1"
			n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`, `mode = "0644"`)
			n.do = func(Command) { change(t, n.path("a")) }
			n.apply()
			require.Equal(t, []string{"r"}, n.took())
			n.kv["/other"] = "2"
			require.Zero(t, n.apply().Changed)
			n.restart()
			require.Zero(t, n.apply().Changed)
			require.Empty(t, n.took(), "reloaded once")

			n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`, `mode = "0640"`)
			n.apply()
			require.Equal(t, []string{"r"}, n.took(), "another mode is another wish")
			require.NoError(t, os.WriteFile(n.path("a"), []byte("drift"), 0o644))
			n.apply()
			require.Equal(t, []string{"r"}, n.took(), "drift is repaired")
			n.kv["/v"] = "2"
			n.apply()
			require.Equal(t, []string{"r"}, n.took(), "a change is applied")
		})
	}
}

// A command such as init makes the account that a file belongs to: the pass after it writes the file.
func TestRetryFailedTakesNoRegardOfBackOff(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`, `owner = "made-by-init"`)
	n.resource("b", `x`, `check_cmd = "test"`, `reload_cmd = "load"`)
	n.fail = map[string]string{"test": "no"}
	require.ElementsMatch(t, []string{"a.toml write", "b.toml check"}, whats(n.apply().Warnings))
	n.resource("a", `x`, `owner = "0"`)
	n.fail = nil
	n.took()
	r, err := n.Retry(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"b.toml check"}, whats(r.Warnings), "it waits")
	r, err = n.RetryFailed(t.Context())
	require.NoError(t, err)
	require.Empty(t, r.Warnings)
	require.Equal(t, []string{"test", "load"}, n.took())
}

// A command that hangs is named while it does, and can be ended: the pass reports it as failed and is over.
func TestHangingReloadIsSeenAndEnded(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.Engine = New(Options{ConfDir: n.conf, StateFile: n.state, Runner: Shell{Grace: 1}})
	n.resource("a", `x`, `reload_cmd = "sleep 1000"`)
	done := make(chan Result)
	go func() {
		r, _ := n.Apply(t.Context(), 1, n.kv)
		done <- r
	}()
	var c *api.PassCommand
	require.Eventually(t, func() bool { c = n.Running(); return c != nil }, time.Minute, time.Millisecond)
	require.Equal(t, []string{"reload", "a.toml", "sleep 1000"}, []string{c.Kind, c.Resource, c.Cmd})
	require.Equal(t, DefaultTimeout, c.Deadline.Sub(c.Since))
	n.EndCommand(c.Since, errors.New("superseded"))
	require.Empty(t, done, "it began no earlier")
	n.EndCommand(c.Since.Add(1), errors.New("superseded"))
	r := <-done
	require.Equal(t, []string{"a.toml reload"}, whats(r.Warnings))
	require.Contains(t, r.Warnings[0].Message, "superseded")
	require.Nil(t, n.Running())
}
