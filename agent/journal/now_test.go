package journal

import (
	"fmt"
	"os"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

// Who was held up between the decision and the launch begins nothing; who asks how it is doing is answered.
func TestLaunchBeginsOnlyWhatWasDecidedOnJustNow(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	past := fmt.Sprintf("%s/%d", bootID(), sinceBoot()-api.StaleAfter-time.Millisecond)
	for name, asOf := range map[string]string{"too old": past, "another boot": fmt.Sprintf("00000000-0000/%d", sinceBoot())} {
		c := sh("echo ran")
		c.AsOf = asOf
		_, err := j.Launch(t.Context(), "c", c)
		require.Truef(t, fault.Is(err, fault.Unreachable), "%s: %v", name, err)
		require.True(t, fault.As(err).Retryable)
		_, err = j.Attach(t.Context(), "c", 0)
		require.Truef(t, fault.Is(err, fault.NotFound), "%s: %v", name, err)
	}
	c := sh("echo ran")
	c.AsOf = "yesterday"
	_, err := j.Launch(t.Context(), "c", c)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)

	c.AsOf = j.Now()
	require.Equal(t, "ran\n", run(t, j, "c", c).Output)
	c.AsOf = past
	st, err := j.Launch(t.Context(), "c", c)
	require.NoError(t, err, "it has begun: nothing is begun now")
	require.Equal(t, api.StateExited, st.State)
}

// A cancel may overtake the launch that it is about.
func TestCancelOfWhatNobodyLaunchedYetKeepsItFromStarting(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	_, err := j.Cancel(t.Context(), "c", 0)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	_, err = j.Attach(t.Context(), "c", 0)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	mark := t.TempDir() + "/ran"
	st := run(t, j, "c", sh("touch "+mark))
	require.True(t, st.Canceled)
	require.NoFileExists(t, mark)

	// The mark is kept as long as what it is about might be.
	_, err = j.Cancel(t.Context(), "d", 0)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	keep := Keep{Age: time.Hour}
	removed, err := j.Prune(time.Now(), keep)
	require.NoError(t, err)
	require.Zero(t, removed)
	removed, err = j.Prune(time.Now().Add(2*time.Hour), keep)
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	entries, err := os.ReadDir(j.dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}
