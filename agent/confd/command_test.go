package confd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestShell(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct{ output, err string }{
		"echo out; echo err >&2":      {"out\nerr\n", ""},
		"pwd":                         {"/\n", ""},
		"cat; echo end":               {"end\n", ""},
		"exit 7":                      {"", "exit code 7"},
		"kill -KILL $$":               {"", "killed by signal 9"},
		"yes 123456789 | head -20000": {"", ""},
	} {
		var out bytes.Buffer
		err := Shell{}.Run(t.Context(), Command{Line: line, Output: &out})
		if want.err == "" {
			require.NoError(t, err, line)
		} else {
			require.ErrorContains(t, err, want.err, line)
		}
		if strings.HasPrefix(line, "yes") {
			require.Equal(t, maxOutput, out.Len())
			continue
		}
		require.Equal(t, want.output, out.String(), line)
	}
}

// A daemon that keeps the output open neither delays the command's end nor dies with it.
func TestShellDoesNotWaitForDaemons(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate, done := filepath.Join(dir, "gate"), filepath.Join(dir, "done")
	require.NoError(t, syscall.Mkfifo(gate, 0o600))
	require.NoError(t, syscall.Mkfifo(done, 0o600))
	log := filepath.Join(dir, "log")
	var out bytes.Buffer
	err := Shell{Log: log}.Run(t.Context(), Command{
		Kind: "reload", Resource: "x.toml", Output: &out,
		Line: "(read x < " + gate + "; echo late; echo done > " + done + ") & echo started",
	})
	require.NoError(t, err)
	require.Equal(t, "started\n", out.String())
	require.NoError(t, os.WriteFile(gate, []byte("go\n"), 0o600))
	answer, err := os.ReadFile(done)
	require.NoError(t, err)
	require.Equal(t, "done\n", string(answer))
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Contains(t, string(text), "reload x.toml: ")
	require.True(t, strings.HasSuffix(string(text), "started\nlate\n"), "%s", text)
	info, err := os.Stat(log)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestShellStopsTheWholeGroup(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"obedient": "sleep 600 & echo $!; wait",
		"stubborn": "trap '' TERM; sleep 600 & echo $!; while :; do wait; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := Shell{Grace: 100 * time.Millisecond}.Run(t.Context(), Command{Line: line, Timeout: 3 * time.Second, Output: &out})
			require.ErrorContains(t, err, "timed out after 3s")
			requireGone(t, strings.TrimSpace(out.String()))
		})
	}
}

func TestShellIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	gate := filepath.Join(t.TempDir(), "gate")
	require.NoError(t, syscall.Mkfifo(gate, 0o600))
	go func() {
		_, _ = os.ReadFile(gate) // the command runs
		cancel()
	}()
	err := Shell{Grace: time.Second}.Run(ctx, Command{Line: "echo > " + gate + "; exec sleep 600"})
	require.ErrorIs(t, err, context.Canceled)
}

// requireGone: the process is dead; where no process reaps orphans it may be left as a zombie.
func requireGone(t *testing.T, pid string) {
	t.Helper()
	_, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, 10*time.Second, 5*time.Millisecond)
}

func TestShellLogStaysBounded(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(log, make([]byte, maxCommandLog+1), 0o600))
	require.NoError(t, Shell{Log: log}.Run(t.Context(), Command{Line: "echo x"}))
	info, err := os.Stat(log)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(1000))
}

func TestPassWithRealCommands(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	reloads := filepath.Join(t.TempDir(), "reloads")
	n.resource("a", `{{getv "/v"}}`, `check_cmd = "grep -q good {{.src}}"`, `reload_cmd = "cat `+n.path("a")+` >> `+reloads+`"`)
	n.Engine = New(Options{ConfDir: n.conf, StateFile: n.state})
	for _, v := range []string{"good1 ", "bad ", "good2 ", "good2 "} {
		n.kv["/v"] = v
		r := n.apply()
		require.Equal(t, v == "bad ", len(r.Warnings) == 1, v)
	}
	text, err := os.ReadFile(reloads)
	require.NoError(t, err)
	require.Equal(t, "good1 good2 ", string(text))
}
