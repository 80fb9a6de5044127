package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/workflows/api"
)

func TestLogTellsEveryChangeOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := &Log{Out: &out}
	first := running()
	first.Operation.Progress = &api.Progress{StartedAt: begin, Steps: first.Operation.Progress.Steps[:1]}
	first.Operation.Activities = nil

	log.Show(client.Sight{Operation: client.Operation{
		Type: api.CreateCluster, ClusterID: "cl-a1b2c3d4", State: client.StateRunning, StartedAt: begin,
	}})
	log.Show(first)
	log.Show(first)
	log.Show(running())
	log.Show(running())
	silent := running()
	silent.Note = "no worker responds; the operation resumes when a worker returns"
	log.Show(silent)
	log.Show(silent)
	log.Show(running())
	log.Show(held())
	log.Show(held())
	log.Show(running())
	log.Show(undone())
	log.Close()
	golden(t, "log.txt", out.String())
}

func TestLogTellsAgainWhatALongStepWaitsFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := at(30 * time.Second)
	log := &Log{Out: &out, Now: func() time.Time { return now }}
	s := running()
	s.Operation.Waiting = &client.Waiting{Step: "CC3", Since: at(13 * time.Second), Nodes: s.Operation.Activities["9"].Beat.Waiting}
	said := func() string {
		out.Reset()
		log.Show(s)
		return out.String()
	}
	require.NotContains(t, said(), "waits for")
	now = now.Add(14 * time.Second)
	require.Empty(t, said())
	now = now.Add(time.Second)
	require.Equal(t, "          CC3 waits for etcd_node/2 cln-00000002 since 31s: waiting for peers and a very long line about what it is that they are doing just now\n"+
		"          CC3 waits for etcd_node/3 cln-00000003 since 30s\n", said())
	require.Empty(t, said())
	now = now.Add(time.Hour)
	s.Operation.Waiting = nil
	require.Empty(t, said())
}

func TestChangesOfNothingAreNone(t *testing.T) {
	t.Parallel()
	p := *running().Operation.Progress
	require.Empty(t, Changes(p, p))
	require.NotEmpty(t, Changes(api.Progress{}, p))
}

// rows replays what a terminal of the width does with the bytes: enough of it to see what stays on the screen.
func rows(t *testing.T, stream string) string {
	t.Helper()
	var screen []string
	for stream != "" {
		switch {
		case strings.HasPrefix(stream, hideCursor):
			stream = stream[len(hideCursor):]
		case strings.HasPrefix(stream, showCursor):
			stream = stream[len(showCursor):]
		case strings.HasPrefix(stream, "\r"+clearBelow):
			stream = stream[1+len(clearBelow):]
		case strings.HasPrefix(stream, "\x1b["):
			digits, rest, ok := strings.Cut(stream[2:], "A")
			require.True(t, ok, "unknown sequence in %q", stream)
			n := 0
			for _, d := range digits {
				n = n*10 + int(d-'0')
			}
			require.LessOrEqual(t, n, len(screen), "moves above the first line")
			screen, stream = screen[:len(screen)-n], rest
		default:
			line, rest, ok := strings.Cut(stream, "\r\n")
			require.True(t, ok)
			screen, stream = append(screen, line), rest
		}
	}
	return strings.Join(screen, "\n") + "\n"
}

func TestPainterReplacesFramesAndLeavesTheLastOneWhole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	height := 50
	p := &Painter{Canvas: Canvas{Out: &out, Size: func() (int, int) { return 80, height }}, Now: func() time.Time { return at(time.Minute) }}
	p.Show(running())
	height = 6
	p.Show(running())
	p.Show(undone())
	p.Close()
	p.Close()
	golden(t, "undone-80.txt", rows(t, out.String()))
	require.Equal(t, 1, strings.Count(out.String(), hideCursor))
	require.Equal(t, 1, strings.Count(out.String(), showCursor))
}

func TestPainterGoesUpByRowsAfterTheTerminalBecameNarrower(t *testing.T) {
	t.Parallel()
	p := &Canvas{widths: []int{80, 41, 0, 10}}
	require.Equal(t, "\x1b[6A", p.up(40))
	require.Equal(t, "\x1b[4A", p.up(80))
	require.Empty(t, (&Canvas{}).up(80))
}

func TestPainterThatPaintedNothingLeavesTheCursorAlone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&Canvas{Out: &out}).Close()
	require.Empty(t, out.String())
}
