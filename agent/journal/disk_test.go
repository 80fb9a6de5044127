package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// smallDisk is a journal on a disk of its own.
func smallDisk(t *testing.T, size string) *Journal {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a full disk needs a disk of its own: mount tmpfs: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	j, err := Open(Options{Dir: filepath.Join(dir, "journal")})
	require.NoError(t, err)
	t.Cleanup(j.Close)
	return j
}

// fill leaves no byte on the journal's disk.
func fill(t testing.TB, j *Journal) (file string) {
	t.Helper()
	file = filepath.Join(filepath.Dir(j.dir), "ballast")
	f, err := os.Create(file)
	require.NoError(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, unix.ENOSPC)
	return file
}

// A command that is the cause of the full disk itself, or meets one: its end is known in any case.
func TestFullDiskCostsNoResult(t *testing.T) {
	t.Parallel()
	j := smallDisk(t, "1m")
	noise := "head -c 3000 /dev/urandom | od -c; printf '\\001%.0s' $(seq 5000); echo the end"
	for name, c := range map[string]api.Command{
		"success": {Cmd: "read x < GATE; " + noise, TimeoutSec: 60, Stdout: true},
		"failure": {Cmd: "read x < GATE; " + noise + "; exit 9", TimeoutSec: 60},
	} {
		_, _, release := began(t, j, name, c)
		ballast := fill(t, j)
		release()
		st := ended(t, j, name)
		require.Equal(t, api.StateExited, st.State, name)
		require.Equal(t, map[string]int{"success": 0, "failure": 9}[name], st.ExitCode, name)
		require.True(t, strings.HasSuffix(st.Output, "the end\n"), name)
		require.Len(t, st.Output, api.OutputTail)
		require.NoError(t, os.Remove(ballast))
	}
}

func TestFullDiskBeginsNothing(t *testing.T) {
	t.Parallel()
	j := smallDisk(t, "1m")
	marker := filepath.Join(t.TempDir(), "ran")
	ballast := fill(t, j)
	_, err := j.Launch(t.Context(), "c", sh("touch "+marker))
	require.True(t, fault.Is(err, fault.NoCapacity), "%v", err)
	require.ErrorContains(t, err, "command c has not begun: the disk is full in "+j.dir)
	require.NoFileExists(t, marker)
	require.NoError(t, os.Remove(ballast))
	run(t, j, "c", sh("touch "+marker))
	require.FileExists(t, marker)
}

func TestFullDiskStopsNoCancel(t *testing.T) {
	t.Parallel()
	j := smallDisk(t, "1m")
	shell, _, _ := began(t, j, "c", api.Command{Cmd: "read x < GATE", TimeoutSec: 600})
	fill(t, j)
	st, err := j.Cancel(t.Context(), "c", patience)
	require.NoError(t, err)
	require.True(t, st.Canceled)
	require.False(t, alive(shell))
}

// A read-only disk begins nothing, and shows what it has.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	j := smallDisk(t, "1m")
	run(t, j, "before", sh("echo hello"))
	j.Close()
	disk := filepath.Dir(j.dir)
	require.Eventually(t, func() bool { return unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, "") == nil }, patience, 1e7)
	_, err := j.Launch(t.Context(), "c", sh("true"))
	require.True(t, fault.Is(err, fault.NoCapacity), "%v", err)
	require.ErrorContains(t, err, "the disk is read-only")
	require.Equal(t, "hello\n", ended(t, j, "before").Output)
	again, err := Open(Options{Dir: j.dir})
	require.NoError(t, err)
	require.Equal(t, "hello\n", ended(t, again, "before").Output)
}

// A disk that takes no result for now costs time and nothing else: the writer continues until it does.
func TestTheResultIsWrittenWhenTheDiskTakesIt(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	e := j.entry("w")
	require.NoError(t, e.plan(sh("true")))
	say(t, e, record{Started: &started{BootID: bootID()}})
	require.NoError(t, os.WriteFile(e.path(olderName), nil, 0o600))
	file, err := os.Open(e.path(recordName)) // takes no write
	require.NoError(t, err)
	s := &supervisor{entry: e, out: newOutput(e), file: file}
	s.record, err = readRecord(file)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.finish(result{ExitCode: 5})
	}()
	require.Eventually(t, func() bool { return !e.has(olderName) }, patience, 1e6, "the first try failed and gave room back")
	writable, err := os.OpenFile(e.path(recordName), os.O_RDWR, 0)
	require.NoError(t, err)
	defer writable.Close()
	require.NoError(t, unix.Dup3(int(writable.Fd()), int(file.Fd()), unix.O_CLOEXEC))
	<-done
	require.Equal(t, 5, ended(t, j, "w").ExitCode)
}
