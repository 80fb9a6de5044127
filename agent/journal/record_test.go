package journal

import (
	"os"
	"path/filepath"
	"testing"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

// What a killed writer or a power loss leaves at the end of a record was never said; the next word takes its place.
func TestHalfALineWasNeverSaid(t *testing.T) {
	t.Parallel()
	for name, half := range map[string]string{"cut": `{"started":{"boot_id":"b"`, "holes": "\x00\x00\x00}\n", "none": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(t)
			e := j.entry("p")
			c := sh("echo ran")
			require.NoError(t, e.plan(c))
			whole, err := os.ReadFile(e.path(recordName))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(e.path(recordName), append(whole, half...), 0o600))
			p, _, err := e.look()
			require.NoError(t, err)
			require.Equal(t, planned, p)
			require.Equal(t, "ran\n", run(t, j, "p", c).Output)

			// The same behind the word that it began: how it ended is not known.
			q := j.entry("q")
			require.NoError(t, q.plan(c))
			say(t, q, record{Started: &started{BootID: bootID()}})
			whole, err = os.ReadFile(q.path(recordName))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(q.path(recordName), append(whole, half...), 0o600))
			require.Equal(t, api.StateUnknown, ended(t, j, "q").State)
		})
	}
}

// A process that finds no plan of a command, and is late, changes nothing.
func TestAPlanReplacesNoOther(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	e := j.entry("p")
	require.NoError(t, e.plan(sh("echo first")))
	say(t, e, record{Started: &started{BootID: bootID()}})
	require.NoError(t, e.plan(sh("echo second")))
	p, r, err := e.look()
	require.NoError(t, err)
	require.Equal(t, unknown, p)
	require.Equal(t, "echo first", r.Intent.Command.Cmd)

	// Of an intent that a power loss took away nothing is left but the name.
	require.NoError(t, os.Truncate(e.path(recordName), 0))
	require.NoError(t, e.plan(sh("echo third")))
	_, r, err = e.look()
	require.NoError(t, err)
	require.Equal(t, "echo third", r.Intent.Command.Cmd)
	left, err := filepath.Glob(e.path(".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// Damage that is not a last half line must not be taken for a command that never began.
func TestDamagedRecordIsNeverRunAgain(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	e := j.entry("d")
	run(t, j, "d", sh("true"))
	whole, err := os.ReadFile(e.path(recordName))
	require.NoError(t, err)
	whole[0] = 0
	require.NoError(t, os.WriteFile(e.path(recordName), whole, 0o600))
	_, err = j.Launch(t.Context(), "d", sh("true"))
	require.True(t, fault.Is(err, fault.Internal), "%v", err)
	require.Contains(t, err.Error(), e.dir)
}

// A result counts when its writer has let go of the lock, since only then it is durable.
func TestResultCountsOnceItIsDurable(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	e := j.entry("r")
	require.NoError(t, e.plan(sh("true")))
	say(t, e, record{Started: &started{BootID: bootID()}})
	f, err := takeLock(e.path(recordName))
	require.NoError(t, err)
	r, err := readRecord(f)
	require.NoError(t, err)
	require.NoError(t, r.add(f, record{Result: &result{ExitCode: 3}}))
	p, _, err := e.look()
	require.NoError(t, err)
	require.Equal(t, running, p)
	dropLock(f)
	p, _, err = e.look()
	require.NoError(t, err)
	require.Equal(t, exited, p)
}
