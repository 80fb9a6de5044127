package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drover/agent/api"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the supervisor, as drover-agent is in production.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		os.Exit(Supervise(os.Args[2]))
	}
	os.Exit(m.Run())
}

// patience bounds every wait of these tests; it is a guard against hanging, never a measure.
const patience = time.Minute

func newJournal(t testing.TB) *Journal {
	t.Helper()
	j, err := Open(Options{Dir: filepath.Join(t.TempDir(), "journal")})
	require.NoError(t, err)
	t.Cleanup(j.Close)
	return j
}

func sh(cmd string) api.Command { return api.Command{Cmd: cmd, TimeoutSec: 60} }

// run launches and waits for the end.
func run(t testing.TB, j *Journal, id string, c api.Command) api.CommandStatus {
	t.Helper()
	_, err := j.Launch(t.Context(), id, c)
	require.NoError(t, err)
	return ended(t, j, id)
}

func ended(t testing.TB, j *Journal, id string) api.CommandStatus {
	t.Helper()
	st, err := j.Attach(t.Context(), id, patience)
	require.NoError(t, err)
	require.NotEqual(t, api.StateRunning, st.State, "still running after %s", patience)
	return st
}

// eventually waits until a file holds something, and returns it.
func eventually(t testing.TB, path string) string {
	t.Helper()
	var text string
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(path)
		text = strings.TrimSpace(string(b))
		return err == nil && text != ""
	}, patience, 5*time.Millisecond, "%s stays empty", path)
	return text
}

// fifo makes a FIFO a command can block on: reading it in the shell waits until release is called.
func gateFile(t testing.TB) (path string, release func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "gate")
	require.NoError(t, mkfifo(path))
	return path, func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		_, err = f.WriteString("go\n")
		require.NoError(t, err)
	}
}
