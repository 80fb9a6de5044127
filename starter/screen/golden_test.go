package screen

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	agentapi "drover/agent/api"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/workflows/api"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

var begin = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return begin.Add(d) }

// running is a creation in the middle of a stage: one step skipped, one under retry, more to come.
func running() client.Sight {
	return client.Sight{Operation: client.Operation{
		ClusterID: "cl-a1b2c3d4", Type: api.CreateCluster, State: client.StateRunning, StartedAt: begin,
		Progress: &api.Progress{
			ClusterID: "cl-a1b2c3d4", Operation: api.CreateCluster, App: "etcd", State: api.OpRunning, StartedAt: begin,
			Steps: []api.Step{
				{ID: "CC1", Words: "resources for all nodes", State: api.StepDone, StartedAt: begin, EndedAt: at(12100 * time.Millisecond), Nodes: 3},
				{ID: "CC2", Words: "register the cluster", State: api.StepDone, StartedAt: at(12100 * time.Millisecond), EndedAt: at(12200 * time.Millisecond)},
				{ID: "CC3", Words: "agents and barrier", State: api.StepRunning, StartedAt: at(13 * time.Second), Nodes: 3, Deadline: at(5 * time.Minute), ActivityIDs: []string{"9"}},
				{ID: "CC4", Words: "init, order 0", State: api.StepSkipped, Note: "no role defines init"},
				{ID: "CC4", Words: "start, order 0", State: api.StepPending, Nodes: 3},
				{ID: "CC4", Words: "start, order 1", State: api.StepPending, Nodes: 1},
			},
			Warnings: []api.Warning{
				{Step: "CC3", Node: "etcd_node/1 cln-00000001", Message: "reload of etcd.toml failed:\n\x1b[31mexit code 1\x1b[0m"},
			},
		},
		Activities: map[string]client.Activity{"9": {
			Attempt: 2, LastFailure: "connection refused",
			Beat: api.Beat{Done: 1, Total: 3, Waiting: []api.BeatNode{
				{Node: "etcd_node/2 cln-00000002", Since: at(14 * time.Second), LastLine: "waiting for \x1b[1mpeers\x1b[0m and a very long line about what it is that they are doing just now"},
				{Node: "etcd_node/3 cln-00000003", Since: at(15 * time.Second)},
			}},
		}},
	}}
}

// held is a creation of which a command's outcome is unknown.
func held() client.Sight {
	s := running()
	op := &s.Operation
	op.State, op.Activities = client.StateHeld, nil
	p := op.Progress
	p.State, p.Warnings = api.OpHeld, nil
	p.Steps[2].State, p.Steps[2].EndedAt, p.Steps[2].Deadline = api.StepDone, at(14*time.Second), time.Time{}
	p.Steps[4].State, p.Steps[4].StartedAt, p.Steps[4].Note = api.StepHeld, at(14*time.Second), "start on etcd_node/2 began and its result is unknown"
	p.Held = &api.Held{
		Step: "CC4", Words: "start, order 0", Since: at(20 * time.Second), Unknown: true, Service: "start", Failed: 12,
		Error: "2 nodes failed; start on etcd_node/2 began and its result is unknown\n\x1b[1mwaiting\x1b[0m for peers\nlook at it",
		Nodes: []api.HeldNode{
			{Node: "etcd_node/2 cln-00000002", Outcome: agentapi.OutcomeUnknown}, {Node: "etcd_node/3 cln-00000003", Outcome: agentapi.OutcomeFailed},
			{Node: "etcd_node/4 cln-00000004", Outcome: agentapi.OutcomeOpen},
		},
		Choices: []api.Choice{
			{Action: api.ResolveRetry, Command: "drover resolve cl-a1b2c3d4 --retry",
				Does: "run start again on etcd_node/2, etcd_node/3, etcd_node/4, 9 more, where it may have had its effect already; the 1 that succeeded are left alone"},
			{Action: api.ResolveSkip, Refused: "destroy is the guard of the package's data; abort, and ask again with force if the data may go"},
			{Action: api.ResolveAbort, Command: "drover resolve cl-a1b2c3d4 --abort", Does: "end the operation as failed; there is nothing to undo"},
		},
	}
	return s
}

// undone is a creation that failed and was undone.
func undone() client.Sight {
	s := running()
	op := &s.Operation
	op.State, op.EndedAt, op.Activities = client.StateFailed, at(95*time.Second), nil
	p := op.Progress
	p.State = api.OpFailed
	p.Steps[0].State, p.Steps[1].State = api.StepUndone, api.StepUndone
	p.Steps[2].State, p.Steps[2].EndedAt, p.Steps[2].Note = api.StepFailed, at(90*time.Second), "node cln-00000002 did not answer"
	p.Undo = []api.Step{
		{ID: "CC2", Words: "deregister the cluster", State: api.StepDone, StartedAt: at(90 * time.Second), EndedAt: at(90100 * time.Millisecond)},
		{ID: "CC1", Words: "release resources", State: api.StepDone, StartedAt: at(90100 * time.Millisecond), EndedAt: at(95 * time.Second), Nodes: 3},
	}
	return s
}
