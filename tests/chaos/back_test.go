package chaos

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/workflows/api"
)

func TestALifeHasWhatItsOperationsNeed(t *testing.T) {
	t.Parallel()
	for operation, want := range map[string][]string{
		"FailingDeleteNodes": {api.CreateCluster, api.AddNodes, "FailingDeleteNodes", api.DeleteNodes, api.DeleteCluster},
		"CancelledAddNodes":  {api.CreateCluster, "CancelledAddNodes", api.DeleteCluster},
		api.AddNodes:         {api.CreateCluster, api.AddNodes, api.DeleteNodes, api.DeleteCluster},
		"FailingUpgrade":     {api.CreateCluster, "FailingUpgrade", api.DowngradeCluster, api.DeleteCluster},
	} {
		m := &Matrix{cases: []Case{{Operation: operation}}}
		var got []string
		for _, o := range life {
			if m.wants(o) {
				got = append(got, o.name)
			}
		}
		require.Equal(t, want, got, operation)
	}
}

func TestTheFirstOfAServiceFailsOnEachNode(t *testing.T) {
	t.Parallel()
	d := newDeath(t.Context(), nil, operation{fails: "start"}, nil, Moment{})
	for _, c := range []struct {
		node, run string
		open      bool
		code      int
	}{
		{"cln-1", "init.1", true, 0},
		{"cln-1", "start.2", false, 0}, // it waits without an answer
		{"cln-1", "start.2", true, 1},
		{"cln-1", "start.2", true, 1}, // it was not at its gate
		{"cln-2", "start.1", true, 1},
		{"cln-1", "start.3", true, 0}, // of the undo
	} {
		code, open := d.end(c.node, c.run, c.open)
		require.Equal(t, c.open, open, c)
		require.Equal(t, c.code, code, c)
	}
	require.True(t, d.turned)
}

// A command lost in a power loss of its node is not the failing one: the next run of the service there fails.
func TestACommandThatWasLostDoesNotFail(t *testing.T) {
	t.Parallel()
	d := newDeath(t.Context(), nil, operation{fails: "start"}, nil, Moment{})
	d.lostRuns["cln-1 start.1"] = true
	for _, run := range []string{"start.1", "start.2"} {
		code, open := d.end("cln-1", run, true)
		require.Equal(t, run == "start.2", open)
		require.Equal(t, run == "start.2", code == 1)
	}
}

func TestChangesTellWhatAnUndoLeft(t *testing.T) {
	t.Parallel()
	before := providers.Resources{Instances: []providers.Instance{{ID: "i-1", State: providers.Running}}}
	require.Empty(t, changes(before, before))
	after := providers.Resources{
		Instances: []providers.Instance{{ID: "i-1", State: providers.Off}}, Volumes: []providers.Volume{{ID: "vol-1"}},
	}
	require.Len(t, changes(before, after), 3)
}
