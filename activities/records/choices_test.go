package records_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/records"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

// An operation that chose machines and then could not begin leaves the choice as it was, be it one of an operation before.
func TestAbandonTakesChoicesBack(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(2)
	w.Ended(lifecycle.Stopped)
	_, err := w.Change(func(rec *lifecycle.Record) error {
		rec.PoweredOff, rec.Nodes[1].NextInstanceID = true, "i-earlier00"
		return nil
	})
	require.NoError(t, err)
	before := w.Record().Nodes
	_, err = w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-9", Type: api.StartCluster})
	require.NoError(t, err)
	chosen := w.Record().Nodes
	require.NotEmpty(t, chosen[0].NextInstanceID)
	require.Equal(t, "i-earlier00", chosen[1].NextInstanceID)
	require.NoError(t, w.Acts.Records.Abandon(t.Context(), records.AbandonInput{ClusterID: world.ClusterID, RunID: "run-9"}))
	require.Equal(t, before, w.Record().Nodes)
	require.Empty(t, w.Record().Operation.Chose)
}

// A downgrade knows where nothing can run, and does not wait there for an answer.
func TestADowngradeKnowsIdleNodes(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Running(3)
	w.Ended(lifecycle.UpgradeFailed)
	_, err := w.Change(func(rec *lifecycle.Record) error {
		rec.Target = &lifecycle.Version{VersionID: "next", Spec: rec.Spec}
		require.Equal(t, rec.Nodes[1].InstanceID, rec.Nodes[1].AgentOn, "its agent was started")
		rec.Nodes[1].AgentOn = "i-another0" // it has a new machine
		return nil
	})
	require.NoError(t, err)
	w.Provider.Crash(rec.Nodes[0].InstanceID, true)
	begun, err := w.Acts.Records.BeginOperation(t.Context(), records.BeginInput{ClusterID: world.ClusterID, RunID: "run-9", Type: api.DowngradeCluster})
	require.NoError(t, err)
	require.Equal(t, []string{rec.Nodes[0].ID, rec.Nodes[1].ID}, begun.Idle)
}
