package journal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

func groupOf(t testing.TB, e entry) group {
	t.Helper()
	var r record
	require.Eventually(t, func() bool {
		var err error
		_, r, err = e.look()
		return err == nil && r.Group != nil
	}, patience, 5*time.Millisecond)
	return *r.Group
}

// say appends to a record as a supervisor would.
func say(t testing.TB, e entry, word record) {
	t.Helper()
	f, err := takeLock(e.path(recordName))
	require.NoError(t, err)
	require.NotNil(t, f)
	defer dropLock(f)
	r, err := readRecord(f)
	require.NoError(t, err)
	require.NoError(t, r.addDurable(f, word))
}

func parentOf(t testing.TB, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	ppid, err := strconv.Atoi(f[1])
	require.NoError(t, err)
	return ppid
}

func pidIn(t testing.TB, path string) int {
	t.Helper()
	pid, err := strconv.Atoi(eventually(t, path))
	require.NoError(t, err)
	return pid
}

func gone(t testing.TB, pid int, what string) {
	t.Helper()
	require.Eventually(t, func() bool { return !alive(pid) }, patience, 5*time.Millisecond, "%s (pid %d) still lives", what, pid)
}

func TestTimeoutEndsTheGroup(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	st := run(t, j, "slow", api.Command{Cmd: "echo before; sleep 1000", TimeoutSec: 3, GraceSec: 5})
	require.Equal(t, api.StateExited, st.State)
	require.True(t, st.TimedOut)
	require.False(t, st.Canceled)
	require.Equal(t, 128+int(syscall.SIGTERM), st.ExitCode)
	require.Equal(t, "before\n", st.Output)
}

func TestTimeoutLetsTheCommandCleanUp(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	c := api.Command{Cmd: "trap 'echo cleaned; exit 3' TERM; while :; do sleep 0.1; done", TimeoutSec: 3, GraceSec: 30}
	st := run(t, j, "trap", c)
	require.True(t, st.TimedOut)
	require.Equal(t, 3, st.ExitCode)
	require.Equal(t, "cleaned", st.LastLine)
}

func TestCancelEndsTheWholeTree(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	dir := t.TempDir()
	// A child that ignores TERM, and its own child, and a shell that obeys.
	stubborn := "sh -c \"trap '' TERM; echo \\$\\$ > " + dir + "/child; sh -c 'echo \\$\\$ > " + dir + "/grandchild; while :; do sleep 1; done' & wait; sleep 1000\""
	_, err := j.Launch(t.Context(), "tree", api.Command{Cmd: stubborn + " & sleep 1000", TimeoutSec: 600, GraceSec: 1})
	require.NoError(t, err)
	child, grandchild := pidIn(t, dir+"/child"), pidIn(t, dir+"/grandchild")
	st, err := j.Cancel(t.Context(), "tree", patience)
	require.NoError(t, err)
	require.Equal(t, api.StateExited, st.State)
	require.True(t, st.Canceled)
	require.False(t, st.TimedOut)
	require.False(t, alive(child), "TERM-ignoring child")
	require.False(t, alive(grandchild), "TERM-ignoring grandchild")

	again, err := j.Cancel(t.Context(), "tree", patience)
	require.NoError(t, err)
	require.Equal(t, st, again, "cancelling what has ended changes nothing")
	_, err = j.Cancel(t.Context(), "unheard-of", 0)
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestCancelOfAPlannedCommandKeepsItFromStarting(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	marker := filepath.Join(t.TempDir(), "ran")
	c := sh("touch " + marker)
	require.NoError(t, j.entry("p").plan(c)) // the agent died after the intent
	st, err := j.Cancel(t.Context(), "p", 0)
	require.NoError(t, err)
	require.True(t, st.Canceled)
	st, err = j.Launch(t.Context(), "p", c)
	require.NoError(t, err)
	require.Equal(t, api.StateExited, st.State)
	require.True(t, st.Canceled)
	require.NoFileExists(t, marker)
}

// The race between a cancel's mark and a supervisor that takes the lock at that moment.
func TestCancelMarkIsSeenBeforeTheStart(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	marker := filepath.Join(t.TempDir(), "ran")
	c := sh("touch " + marker)
	e := j.entry("p")
	require.NoError(t, e.plan(c))
	require.NoError(t, os.WriteFile(e.path(cancelName), nil, 0o600))
	st, err := j.Launch(t.Context(), "p", c)
	require.NoError(t, err)
	require.True(t, st.Canceled)
	require.NoFileExists(t, marker)
}

func TestLaunchAfterADeathBeforeTheStart(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	require.NoError(t, j.entry("p").plan(sh("echo ran")))
	_, err := j.Attach(t.Context(), "p", patience)
	require.True(t, fault.Is(err, fault.NotFound), "intent alone is not a start: %v", err)
	require.NoError(t, os.Mkdir(j.entry("q").dir, 0o700)) // died even before the intent
	for _, id := range []string{"p", "q"} {
		require.Equal(t, "ran\n", run(t, j, id, sh("echo ran")).Output)
	}
}

func TestKilledSupervisorMakesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	count := filepath.Join(t.TempDir(), "count")
	c := sh("echo ran >> " + count + "; sleep 1000")
	_, err := j.Launch(t.Context(), "u", c)
	require.NoError(t, err)
	eventually(t, count)
	shell := groupOf(t, j.entry("u")).Pgid
	require.NoError(t, syscall.Kill(parentOf(t, shell), syscall.SIGKILL))
	st := ended(t, j, "u")
	require.Equal(t, api.StateUnknown, st.State)
	require.Contains(t, st.Detail, "supervisor was killed")
	require.Equal(t, api.OutcomeUnknown, st.Outcome())
	require.NotEmpty(t, st.StartedAt)

	st, err = j.Launch(t.Context(), "u", c)
	require.NoError(t, err)
	require.Equal(t, api.StateUnknown, st.State, "never run again")
	require.Equal(t, "ran", eventually(t, count))
	require.Empty(t, j.Running())

	require.True(t, alive(shell), "the command itself continues until it is cancelled")
	st, err = j.Cancel(t.Context(), "u", patience)
	require.NoError(t, err)
	require.Equal(t, api.StateUnknown, st.State)
	gone(t, shell, "command without supervisor")
}

func TestRebootInMidCommand(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	e := j.entry("b")
	require.NoError(t, e.plan(sh("true")))
	say(t, e, record{Started: &started{BootID: "another-boot", StartedAt: "2020-01-01T00:00:00Z"}})
	// The recorded group now belongs to a stranger: this test itself.
	self, err := readStat(os.Getpid())
	require.NoError(t, err)
	say(t, e, record{Group: &group{Pgid: os.Getpid(), StartTicks: self.startTicks}})
	st := ended(t, j, "b")
	require.Equal(t, api.StateUnknown, st.State)
	require.Contains(t, st.Detail, "went down")
	st, err = j.Cancel(t.Context(), "b", 0)
	require.NoError(t, err)
	require.Equal(t, api.StateUnknown, st.State)
}

// One supervisor runs everything that comes while it lives; whatever dies, each command runs once.
func TestSupervisorIsSharedAndReplaced(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	count := filepath.Join(t.TempDir(), "count")
	supervisor := func(id string) int { return parentOf(t, groupOf(t, j.entry(id)).Pgid) }
	waiting := func(id string) (release func()) {
		gate, release := gateFile(t)
		_, err := j.Launch(t.Context(), id, sh("echo "+id+" >> "+count+"; read x < "+gate))
		require.NoError(t, err)
		return release
	}
	waiting("a")
	releaseB := waiting("b")
	first := supervisor("a")
	require.Equal(t, first, supervisor("b"))

	// An agent that hangs up takes nothing along, and its successor has a supervisor of its own.
	j.Close()
	releaseC := waiting("c")
	second := supervisor("c")
	require.NotEqual(t, first, second)
	releaseB()
	require.Equal(t, api.StateExited, ended(t, j, "b").State)

	// Supervisors die with their own commands only.
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.Equal(t, api.StateUnknown, ended(t, j, "a").State)
	_, err := j.Cancel(t.Context(), "a", patience)
	require.NoError(t, err)
	releaseC()
	require.Equal(t, api.StateExited, ended(t, j, "c").State)
	require.NoError(t, syscall.Kill(second, syscall.SIGKILL))
	waiting("d")() // the link is broken, and may not have been noticed
	require.Equal(t, api.StateExited, ended(t, j, "d").State)
	ran, err := os.ReadFile(count)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"a", "b", "c", "d"}, strings.Fields(string(ran)))
}

func TestIdleSupervisorEnds(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	j.idle = 10 * time.Millisecond
	for _, id := range []string{"a", "b"} {
		gate, release := gateFile(t)
		_, err := j.Launch(t.Context(), id, sh("read x < "+gate))
		require.NoError(t, err)
		pid := parentOf(t, groupOf(t, j.entry(id)).Pgid)
		release()
		require.Equal(t, api.StateExited, ended(t, j, id).State)
		gone(t, pid, "supervisor that is not needed")
	}
}

func TestSupervisorSurvivesPoliteSignals(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	gate, release := gateFile(t)
	_, err := j.Launch(t.Context(), "s", sh("read x < "+gate))
	require.NoError(t, err)
	pid := parentOf(t, groupOf(t, j.entry("s")).Pgid)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		require.NoError(t, syscall.Kill(pid, sig))
	}
	release()
	require.Equal(t, api.StateExited, ended(t, j, "s").State)
}

// A start service leaves its daemon behind, which holds stdout and writes to it for ever: the command has ended, the
// daemon must not die of it, and the disk must not fill.
func TestDaemonLeftBehindKeepsWriting(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	j.idle = 10 * time.Millisecond
	dir := t.TempDir()
	// The daemon writes 64 MiB, then says so, then continues slowly.
	daemon := "(head -c 67108864 /dev/zero && echo yes > " + dir + "/written; " +
		"while :; do echo again; echo x >> " + dir + "/beats; sleep 0.05; done) & echo $! > " + dir + "/pid; echo started"
	st := run(t, j, "start", sh(daemon))
	require.Equal(t, api.StateExited, st.State)
	require.Equal(t, 0, st.ExitCode)
	pid := pidIn(t, dir+"/pid")
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	require.Equal(t, "yes", eventually(t, dir+"/written"))
	beats := func() int {
		b, _ := os.ReadFile(dir + "/beats")
		return len(b)
	}
	before := beats()
	require.Eventually(t, func() bool { return beats() > before+4 }, patience, 10*time.Millisecond)
	require.True(t, alive(pid))
	require.LessOrEqual(t, diskUse(t, j.entry("start").dir), int64(2*segment+64<<10))
	require.Empty(t, j.Running())

	line, err := exec.Command("pgrep", "-f", "supervise "+j.dir).Output()
	require.NoError(t, err, "the supervisor reads on for the daemon")
	supervisor, err := strconv.Atoi(strings.TrimSpace(string(line)))
	require.NoError(t, err)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", supervisor))
	require.NoError(t, err)
	t.Logf("lingering supervisor: %s", field(string(status), "VmRSS"))
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	gone(t, supervisor, "supervisor after its daemon")
}

func field(status, name string) string {
	for _, l := range strings.Split(status, "\n") {
		if strings.HasPrefix(l, name+":") {
			return strings.Join(strings.Fields(l), " ")
		}
	}
	return ""
}

// Output written right before the exit is there, even when a daemon never stops writing to the same pipe.
func TestOutputBeforeTheExitIsComplete(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	for i := range 10 {
		id := fmt.Sprintf("last-%d", i)
		st := run(t, j, id, sh("echo first; sleep 1000 & echo $! 1>&2; echo last word"))
		require.Equal(t, "last word", st.LastLine)
		pid, err := strconv.Atoi(strings.Fields(st.Output)[1])
		require.NoError(t, err)
		require.True(t, alive(pid))
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

func TestJournalReopenedFindsRunningCommands(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	gate, release := gateFile(t)
	_, err := j.Launch(t.Context(), "r", sh("read x < "+gate+"; echo done"))
	require.NoError(t, err)
	again, err := Open(Options{Dir: j.dir})
	require.NoError(t, err)
	require.Equal(t, []string{"r"}, again.Running())
	release()
	require.Equal(t, "done\n", ended(t, again, "r").Output)
}

func TestPrune(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	for i := range 5 {
		run(t, j, fmt.Sprintf("c%d", i), sh("true"))
		at := time.Now().Add(-time.Duration(50-i) * time.Hour)
		require.NoError(t, os.Chtimes(j.entry(fmt.Sprintf("c%d", i)).path(recordName), at, at))
	}
	gate, release := gateFile(t)
	_, err := j.Launch(t.Context(), "now", sh("read x < "+gate))
	require.NoError(t, err)
	n, err := j.Prune(time.Now(), Keep{Age: 100 * time.Hour, Least: 0})
	require.NoError(t, err)
	require.Zero(t, n, "young ones stay")
	n, err = j.Prune(time.Now(), Keep{Age: time.Hour, Least: 2})
	require.NoError(t, err)
	require.Equal(t, 3, n)
	names, err := j.names()
	require.NoError(t, err)
	require.Equal(t, []string{"c3", "c4", "now"}, names, "the running one and the two youngest stay")
	n, err = j.Prune(time.Now().Add(1000*time.Hour), Keep{})
	require.NoError(t, err)
	require.Equal(t, 2, n, "a running command stays whatever its age")
	release()
	ended(t, j, "now")
}

func BenchmarkLaunchAndWait(b *testing.B) {
	j := newJournal(b)
	for i := 0; b.Loop(); i++ {
		run(b, j, fmt.Sprintf("b%d", i), sh("true"))
	}
}
