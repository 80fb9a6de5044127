package journal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

func TestOutputIsReadInPages(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	c := sh(`printf 'one\ntwo\nthr\303\251e\nfour'`)
	c.Secrets = []string{"two"}
	run(t, j, "pages", c)
	const all = "one\ntwo\nthrée\nfour"
	for name, tc := range map[string]struct {
		from  int64
		limit int
		want  string
		at    int64
	}{
		"all":                          {0, 100, all, 0},
		"whole lines":                  {0, 10, "one\ntwo\n", 0},
		"on from there":                {8, 10, "thrée\n", 8},
		"the last line without an end": {15, 10, "four", 15},
		"from the end, a whole line":   {-8, 100, "four", 15},
		"more than there is":           {-100, 100, all, 0},
		"behind the end":               {50, 10, "", 19},
		"a long line, whole letters":   {8, 4, "thr", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := j.Output("pages", tc.from, tc.limit)
			require.NoError(t, err)
			require.Equal(t, api.CommandOutput{
				From: tc.at, Before: all[:tc.at], Text: tc.want, Next: tc.at + int64(len(tc.want)), Size: 19, Ended: true, Secrets: []string{"two"},
			}, out)
		})
	}
	_, err := j.Output("never", 0, 10)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	_, err = j.Output("../x", 0, 10)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}

func TestOutputOfARunningCommandEndsWithALine(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	gate, release := gateFile(t)
	_, err := j.Launch(t.Context(), "runs", sh("echo line; printf half; read x < "+gate+"; echo ' more'"))
	require.NoError(t, err)
	var out api.CommandOutput
	require.Eventually(t, func() bool {
		out, err = j.Output("runs", 0, 100)
		return err == nil && out.Size == 9
	}, patience, 5*time.Millisecond)
	require.Equal(t, api.CommandOutput{Text: "line\n", Next: 5, Size: 9}, out)
	release()
	ended(t, j, "runs")
	out, err = j.Output("runs", out.Next, 100)
	require.NoError(t, err)
	require.Equal(t, "half more\n", out.Text)
	require.True(t, out.Ended)
}

func TestPositionsSurviveTurns(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	run(t, j, "long", sh("echo"))
	e := j.entry("long")
	o := newOutput(e)
	line := strings.Repeat("x", 1023) + "\n"
	const lines = 3*segment/1024 + 7
	for i := range lines {
		fmt.Fprintf(o, "%07d %s", i, line[8:])
	}
	first, next := int64(-1), int64(0)
	for from := int64(0); next < lines; {
		out, err := j.Output("long", from, api.OutputLimit)
		require.NoError(t, err)
		require.EqualValues(t, lines*1024, out.Size)
		if first < 0 {
			first, next = out.From, out.From/1024
			require.Less(t, first, int64((lines*1024)-segment), "at least one segment stays")
			require.Positive(t, first, "and no more than two")
		}
		for text := range strings.Lines(out.Text) {
			require.Equal(t, fmt.Sprintf("%07d", next), text[:7])
			next++
		}
		from = out.Next
	}
	require.EqualValues(t, lines, next)
}

func TestListGivesTheNewestThatMatch(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	for i := range 3 {
		c := sh("exit " + fmt.Sprint(i))
		c.Label = "node start"
		run(t, j, fmt.Sprintf("cl-a.%d-ab.CC4.start.n", i+1), c)
	}
	run(t, j, "cl-a.10-ab.CC4.start.n", sh("true"))
	list, err := j.List("cl-a.?-*.CC4.*", 2)
	require.NoError(t, err)
	require.True(t, list.More)
	require.Len(t, list.Commands, 2)
	require.Equal(t, "cl-a.3-ab.CC4.start.n", list.Commands[0].ID)
	require.Equal(t, 2, list.Commands[0].ExitCode)
	require.Equal(t, api.StateExited, list.Commands[0].State)
	require.Equal(t, "node start", list.Commands[0].Label)
	list, err = j.List("", 100)
	require.NoError(t, err)
	require.Len(t, list.Commands, 4)
	_, err = j.List("[", 1)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}
