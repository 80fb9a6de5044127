package screen

import (
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/workflows/api"
)

func TestFramesLookAsRecorded(t *testing.T) {
	t.Parallel()
	now := at(42 * time.Second)
	silent := client.Sight{
		Operation: client.Operation{ClusterID: "cl-a1b2c3d4", Type: api.CreateCluster, State: client.StateRunning, StartedAt: begin},
		Note:      "no worker responds; the operation resumes when a worker returns",
	}
	for name, f := range map[string]Frame{
		"running-80.txt":    {Sight: running(), Now: now, Width: 80},
		"running-44.txt":    {Sight: running(), Now: now, Width: 44},
		"running-low.txt":   {Sight: running(), Now: now, Width: 80, Height: 10},
		"running-color.txt": {Sight: running(), Now: now, Width: 80, Color: true},
		"held-80.txt":       {Sight: held(), Now: now, Width: 80},
		"held-44.txt":       {Sight: held(), Now: now, Width: 44},
		"undone-80.txt":     {Sight: undone(), Now: at(time.Hour), Width: 80},
		"silent-80.txt":     {Sight: silent, Now: now, Width: 80},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, strings.Join(f.Lines(), "\n")+"\n")
		})
	}
}

func TestFramesFitTheTerminal(t *testing.T) {
	t.Parallel()
	for width := minWidth; width < 130; width += 7 {
		for _, height := range []int{1, 2, 3, 5, 8, 13, 50} {
			for _, sight := range []client.Sight{running(), held()} {
				lines := Frame{Sight: sight, Now: at(time.Minute), Width: width, Height: height, Color: true}.Lines()
				require.LessOrEqual(t, len(lines), height)
				for _, line := range lines {
					require.LessOrEqual(t, text.StringWidthWithoutEscSequences(line), width, "width %d: %q", width, line)
				}
			}
		}
	}
}

func TestFrameShowsNothingThatDrivesATerminal(t *testing.T) {
	t.Parallel()
	for _, sight := range []client.Sight{running(), held()} {
		for _, line := range (Frame{Sight: sight, Now: begin, Width: 110}).Lines() {
			require.NotContains(t, line, "\x1b")
		}
	}
}

func TestOldWarningsAreCountedWhileRunningAndShownAtTheEnd(t *testing.T) {
	t.Parallel()
	s := running()
	s.Operation.Progress.Warnings = make([]api.Warning, 5)
	for i := range s.Operation.Progress.Warnings {
		s.Operation.Progress.Warnings[i] = api.Warning{Step: "CC3", Message: strings.Repeat("w", i+1)}
	}
	draw := func() string { return strings.Join(Frame{Sight: s, Now: begin, Width: 80}.Lines(), "\n") }
	require.Contains(t, draw(), "! 2 earlier warnings")
	require.NotContains(t, draw(), "CC3: w\n")

	s.Operation.State = client.StateSucceeded
	require.NotContains(t, draw(), "earlier warnings")
	require.Contains(t, draw(), "CC3: w\n")
}

func TestWideLettersAreCutByColumns(t *testing.T) {
	t.Parallel()
	require.Equal(t, "初始…", cut("初始化节点", 6))
	require.Equal(t, "初始化节点", cut("初始化节点", 10))
	require.Equal(t, "…", cut("abc", 1))
	require.Empty(t, cut("abc", 0))
}

func TestElapsed(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                  "0.0s",
		0:                             "0.0s",
		1240 * time.Millisecond:       "1.2s",
		9949 * time.Millisecond:       "9.9s",
		9960 * time.Millisecond:       "10s",
		59600 * time.Millisecond:      "1m 00s",
		3*time.Minute + 5*time.Second: "3m 05s",
		time.Hour + 2*time.Minute:     "1h 02m",
		50*time.Hour + 59*time.Minute: "50h 59m",
	} {
		require.Equal(t, want, Elapsed(d), "%s", d)
	}
}
