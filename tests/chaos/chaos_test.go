package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/tests/stack/tree"
	"drover/workflows/api"
)

// few are the cases of the matrix in every run of the tests: each component dies once, at its hardest moment, in one life
// of one cluster. make chaos runs the others.
var few = []struct {
	operation, kill string
	phase           Phase
	activity        string // the first activity with this name, or with a summary that begins with it
}{
	{api.CreateCluster, "worker", Command, "init"},
	{api.RunService, "node", Command, "check"},
	{"CancelledRunService", "worker", Command, "check"},
	{api.UpdateEnv, "cut-node-consul", Before, "publish"},
	{api.RestartCluster, "agent", Command, "restart"},
	{api.RepairCluster, "agent", Before, "StartAgents"},
	{api.AddNodes, "temporal", Command, "scale_out"},
	{api.DeleteNodes, "consul", Before, "publish"},
	{api.ScaleVertical, "ssh-server", Command, "start"},
	{api.StopCluster, "ssh-connection", Command, "stop"},
	{api.StartCluster, "cut-worker-node", Command, "start"},
	{"FailingUpgrade", "worker", Command, "upgrade"},
	{api.DowngradeCluster, "cut-worker-temporal", Command, "start"},
	{"FailingScaleVertical", "worker", Command, "start again"},
	{api.UpgradeCluster, "frozen-worker", Command, "upgrade"},
	{api.DeleteCluster, "worker", Before, "release"},
}

func TestNothingIsLostWhoeverDies(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it runs Temporal, Consul and nodes")
	}
	if notHere != "" {
		t.Skip("not possible here: " + notHere)
	}
	root, err := tree.Root()
	require.NoError(t, err)
	w, err := Start(t.Context(), Options{
		Root: root, Bin: *programs, Dir: filepath.Join(t.TempDir(), "world"), Range: "127.99.0.0/16", Log: os.Stderr,
		SSHServer: OpenSSH(), Partition: 5 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	var operations []string
	for _, f := range few {
		operations = append(operations, f.operation)
	}
	moments, err := w.Moments(t.Context(), operations, func(o Outcome) { t.Log(o.Line()) })
	require.NoError(t, err)
	impossible := w.Impossible()
	for kill, why := range impossible {
		t.Logf("not tried: %s: %s", kill, why)
	}
	taken := map[string]bool{}
	m := NewMatrix(moments, func(c Case) bool {
		for _, f := range few {
			if c.Operation == f.operation && c.Kill == f.kill && c.Moment.Phase == f.phase &&
				(strings.HasPrefix(c.Moment.Summary, f.activity) || strings.HasSuffix(c.Moment.Activity, "-"+f.activity)) &&
				!taken[c.Operation] && impossible[c.Kill] == "" {
				taken[c.Operation] = true
				return true
			}
		}
		return false
	})
	possible := slices.DeleteFunc(slices.Clone(operations), func(o string) bool {
		i := slices.Index(operations, o)
		return impossible[few[i].kill] != ""
	})
	require.Equal(t, len(possible), m.Len(), "every case has a moment")
	var table Table
	require.NoError(t, w.Live(t.Context(), m, func(o Outcome) {
		table.Add(o)
		t.Log(o.Line())
	}))
	var text strings.Builder
	table.Print(&text)
	t.Logf("\n%s", text.String())
	for _, o := range table.Failed() {
		t.Error(o.Line())
	}
	require.Zero(t, m.Len())
}

// The harness reports missing, repeated and unplanned commands.
func TestDifferenceTellsEveryKindOfLoss(t *testing.T) {
	t.Parallel()
	wanted := map[string]int{"cln-1 init": 1, "cln-2 init": 1, "cln-1 start": 1}
	require.Empty(t, difference(wanted, map[string]int{"cln-1 init": 1, "cln-2 init": 1, "cln-1 start": 1}))
	require.Equal(t, []string{
		"cln-1 init ran 2 times; want 1", "cln-1 stop ran 1 times; want 0", "cln-2 init ran 0 times; want 1",
	}, difference(wanted, map[string]int{"cln-1 init": 2, "cln-1 start": 1, "cln-1 stop": 1}))
}

func TestClosedMatrixGivesNothingOut(t *testing.T) {
	t.Parallel()
	m := &Matrix{cases: []Case{{Operation: api.AddNodes, Kill: "worker"}, {Operation: api.AddNodes, Kill: "agent"}}}
	first, ok := m.take(api.AddNodes)
	require.True(t, ok)
	require.Equal(t, "worker", first.Kill)
	require.True(t, m.wants(named(api.AddNodes)))
	m.Close()
	_, ok = m.take(api.AddNodes)
	require.False(t, ok)
	require.True(t, m.over())
	require.Equal(t, 1, m.Len(), "the case that was not begun is still counted")
	require.False(t, m.wants(named(api.AddNodes)))
	require.True(t, m.wants(named(api.DeleteCluster)), "a life is completed")
}

func TestExpand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1": "[1]", "1-3,7": "[1 2 3 7]"} {
		got, err := expand(text)
		require.NoError(t, err)
		require.Equal(t, want, fmt.Sprint(got))
	}
	_, err := expand("1-x")
	require.Error(t, err)
}
