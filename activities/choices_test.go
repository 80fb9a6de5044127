package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/workflows/api"
)

// An operation that chose machines and then could not begin leaves the choice as it was, be it one of an operation before.
func TestAbandonTakesChoicesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.running(2)
	w.ended(lifecycle.Stopped)
	_, err := w.deps.update(t.Context(), clusterID, func(rec *lifecycle.Record) error {
		rec.PoweredOff, rec.Nodes[1].NextInstanceID = true, "i-earlier00"
		return nil
	})
	require.NoError(t, err)
	before := w.record().Nodes
	_, err = w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-9", Type: api.StartCluster})
	require.NoError(t, err)
	chosen := w.record().Nodes
	require.NotEmpty(t, chosen[0].NextInstanceID)
	require.Equal(t, "i-earlier00", chosen[1].NextInstanceID)
	require.NoError(t, w.acts.Abandon(t.Context(), AbandonInput{ClusterID: clusterID, RunID: "run-9"}))
	require.Equal(t, before, w.record().Nodes)
	require.Empty(t, w.record().Operation.Chose)
}

// A downgrade knows where nothing can run, and does not wait there for an answer.
func TestADowngradeKnowsIdleNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.running(3)
	w.ended(lifecycle.UpgradeFailed)
	_, err := w.deps.update(t.Context(), clusterID, func(rec *lifecycle.Record) error {
		rec.Previous = &lifecycle.Previous{VersionID: rec.VersionID, Spec: rec.Spec}
		require.Equal(t, rec.Nodes[1].InstanceID, rec.Nodes[1].AgentOn, "its agent was started")
		rec.Nodes[1].AgentOn = "i-another0" // it has a new machine
		return nil
	})
	require.NoError(t, err)
	w.provider.Crash(rec.Nodes[0].InstanceID, true)
	begun, err := w.acts.BeginOperation(t.Context(), BeginInput{ClusterID: clusterID, RunID: "run-9", Type: api.DowngradeCluster})
	require.NoError(t, err)
	require.Equal(t, []string{rec.Nodes[0].ID, rec.Nodes[1].ID}, begun.Idle)
}
