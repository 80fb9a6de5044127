package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func mkfifo(path string) error { return unix.Mkfifo(path, 0o600) }

func TestLaunchTellsHowItEnded(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	for name, tc := range map[string]struct {
		cmd    string
		code   int
		output string
		last   string
	}{
		"ok":            {"echo hello", 0, "hello\n", "hello"},
		"empty":         {"", 0, "", ""},
		"code":          {"echo bad >&2; exit 7", 7, "bad\n", "bad"},
		"both-streams":  {"echo out; echo err >&2; echo out2", 0, "out\nerr\nout2\n", "out2"},
		"signal":        {"kill -9 $$", 137, "", ""},
		"cwd-and-stdin": {"pwd; cat; echo end", 0, "/\nend\n", "end"},
		"blank-end":     {"printf 'x\\n\\n  \\n'", 0, "x\n\n  \n", "x"},
		"quotes":        {`printf '%s' "a  b'c"`, 0, "a  b'c", "a  b'c"},
		"path":          {"echo $PATH", 0, strings.TrimPrefix(searchPath, "PATH=") + "\n", strings.TrimPrefix(searchPath, "PATH=")},
		"not-utf8":      {`printf '\377ok'`, 0, "?ok", "?ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := run(t, j, name, sh(tc.cmd))
			require.Equal(t, api.StateExited, st.State)
			require.Equal(t, tc.code, st.ExitCode)
			require.Equal(t, tc.output, st.Output)
			require.Equal(t, tc.last, st.LastLine)
			require.False(t, st.Truncated)
			require.NotEmpty(t, st.StartedAt)
			require.NotEmpty(t, st.EndedAt)
		})
	}
}

func TestLaunchRunsOncePerID(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	count := filepath.Join(t.TempDir(), "count")
	gate, release := gateFile(t)
	c := sh("echo ran >> " + count + "; read x < " + gate)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			st, err := j.Launch(t.Context(), "cl-x.7.CC4.init.0.cln-y", c)
			if err != nil || st.State != api.StateRunning {
				t.Errorf("launch: %v, state %q", err, st.State)
			}
		})
	}
	wg.Wait()
	require.Equal(t, []string{"cl-x.7.CC4.init.0.cln-y"}, j.Running())
	release()
	require.Equal(t, 0, ended(t, j, "cl-x.7.CC4.init.0.cln-y").ExitCode)
	_, err := j.Launch(t.Context(), "cl-x.7.CC4.init.0.cln-y", c)
	require.NoError(t, err)
	b, err := os.ReadFile(count)
	require.NoError(t, err)
	require.Equal(t, "ran\n", string(b), "50 launches and one after the end run once")
	require.Empty(t, j.Running())
}

// Two agents must not exist, yet even journals that know nothing of each other share what is on disk.
func TestOneSupervisorWins(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "journal")
	count := filepath.Join(t.TempDir(), "count")
	var wg sync.WaitGroup
	for range 20 {
		j, err := Open(Options{Dir: dir})
		require.NoError(t, err)
		wg.Go(func() {
			if _, err := j.Launch(t.Context(), "one", sh("echo ran >> "+count)); err != nil {
				t.Errorf("launch: %v", err)
			}
		})
	}
	wg.Wait()
	j, err := Open(Options{Dir: dir})
	require.NoError(t, err)
	ended(t, j, "one")
	b, err := os.ReadFile(count)
	require.NoError(t, err)
	require.Equal(t, "ran\n", string(b))
}

func TestLaunchRefuses(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	for _, id := range []string{"", ".", "..", "a/b", "../x", ".hidden", "-n", "a b", "a\nb", "ä", strings.Repeat("x", 201)} {
		_, err := j.Launch(t.Context(), id, sh("true"))
		require.True(t, fault.Is(err, fault.Invalid), "id %q: %v", id, err)
		_, err = j.Attach(t.Context(), id, 0)
		require.True(t, fault.Is(err, fault.Invalid), "id %q: %v", id, err)
	}
	_, err := j.Launch(t.Context(), "x", api.Command{Cmd: "a\x00b", GraceSec: -1, Env: []string{"NOEQ", "=v", "SECRET=hunter2\x00"}})
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.As(err).Problems, 6, "all problems at once: %v", err)
	require.NotContains(t, err.Error(), "hunter2")
	_, err = j.Attach(t.Context(), "x", 0)
	require.True(t, fault.Is(err, fault.NotFound), "a refused command leaves nothing")

	run(t, j, strings.Repeat("x", 200), sh("true"))
	run(t, j, "same", sh("true"))
	_, err = j.Launch(t.Context(), "same", sh("false"))
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	_, err = j.Launch(t.Context(), "same", api.Command{Cmd: "true", TimeoutSec: 60, Env: []string{"P=hunter2"}})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestStdoutAloneAndEnv(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	c := sh("echo $TOKEN; echo noise >&2")
	c.Stdout, c.Env = true, []string{"TOKEN=s3cret"}
	st := run(t, j, "token", c)
	require.Equal(t, "s3cret\n", st.Stdout)
	require.Contains(t, st.Output, "noise")
	require.Contains(t, st.Output, "s3cret")

	c = sh("yes 0123456789abcde | head -c 200000")
	c.Stdout = true
	st = run(t, j, "big", c)
	require.Len(t, st.Stdout, stdoutLimit)
	require.True(t, strings.HasPrefix(st.Stdout, "0123456789abcde\n"))
}

func TestOutputOverTheLimits(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	st := run(t, j, "much", sh("yes 'one line of output' | head -c 40000000; echo; echo the end"))
	require.Equal(t, 0, st.ExitCode)
	require.Len(t, st.Output, api.OutputTail)
	require.True(t, st.Truncated)
	require.Equal(t, "the end", st.LastLine)
	require.LessOrEqual(t, diskUse(t, j.entry("much").dir), int64(2*segment+64<<10))
}

func diskUse(t testing.TB, dir string) int64 {
	t.Helper()
	var sum int64
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, d := range list {
		st, err := d.Info()
		require.NoError(t, err)
		sum += st.Size()
	}
	return sum
}

func TestRunningShowsProgress(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	gate, release := gateFile(t)
	done := filepath.Join(t.TempDir(), "printed")
	_, err := j.Launch(t.Context(), "p", sh("echo step 1; echo step 2; echo x > "+done+"; read x < "+gate))
	require.NoError(t, err)
	eventually(t, done)
	require.Eventually(t, func() bool {
		st, err := j.Attach(t.Context(), "p", 0)
		return err == nil && st.State == api.StateRunning && st.LastLine == "step 2" && st.Output == "step 1\nstep 2\n"
	}, patience, 1e6)
	release()
	require.Equal(t, "step 1\nstep 2\n", ended(t, j, "p").Output)
}

func TestAttachHonoursTheCaller(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	gate, release := gateFile(t)
	_, err := j.Launch(t.Context(), "w", sh("read x < "+gate))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() {
		_, err := j.Attach(ctx, "w", patience)
		got <- err
	}()
	cancel()
	require.ErrorIs(t, <-got, context.Canceled)
	st, err := j.Attach(t.Context(), "w", 1e6)
	require.NoError(t, err)
	require.Equal(t, api.StateRunning, st.State)
	release()
	ended(t, j, "w")
	_, err = j.Attach(t.Context(), "unheard-of", 0)
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestFilesAreForRootOnly(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	run(t, j, "f", sh("echo x"))
	check := func(path string, want os.FileMode) {
		st, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, st.Mode().Perm(), path)
	}
	check(j.dir, 0o700)
	check(j.entry("f").dir, 0o700)
	for _, name := range []string{recordName, outputName, aliveName, ctlName} {
		check(j.entry("f").path(name), 0o600)
	}
}

func TestSecretsStayOutOfSupervisorArguments(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	gate, release := gateFile(t)
	c := sh("read x < " + gate + " # hunter2")
	c.Env = []string{"PASSWORD=swordfish"}
	_, err := j.Launch(t.Context(), "s", c)
	require.NoError(t, err)
	shell := groupOf(t, j.entry("s")).Pgid
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", parentOf(t, shell)))
	require.NoError(t, err)
	require.Contains(t, string(line), "supervise")
	require.NotContains(t, string(line), "hunter2")
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", parentOf(t, shell)))
	require.NoError(t, err)
	require.NotContains(t, string(env), "swordfish")
	release()
	ended(t, j, "s")
}

// A node answers for the run that is asked about, and for no other.
func TestAnIDOfAnotherRunIsRefused(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	c := sh("echo x")
	c.Run = "run-1"
	for range 2 {
		_, err := j.Launch(t.Context(), "r", c)
		require.NoError(t, err)
	}
	ended(t, j, "r")
	c.Run = "run-2"
	_, err := j.Launch(t.Context(), "r", c)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.ErrorContains(t, err, "run-1")
}
