package records_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/records"
	"drover/lifecycle"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

// Agents are told of a maintenance at once, or at the end of the operation that runs.
func TestMaintenanceReachesAgents(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	w.Running(1)
	w.Ended(lifecycle.Active)
	maintain := func(on bool) api.ClusterDetails {
		d, err := w.Acts.Records.EditCluster(t.Context(), api.EditClusterInput{ClusterID: world.ClusterID, Maintenance: &on})
		require.NoError(t, err)
		return d
	}
	mark := func() string { return w.Store.Operation(world.ClusterID) }
	since := maintain(true).Maintenance
	require.Equal(t, "2026-01-02T03:04:05Z", since)
	require.Equal(t, lifecycle.MarkMaintenance, mark())
	require.Equal(t, since, maintain(true).Maintenance)
	require.Empty(t, maintain(false).Maintenance)
	require.Empty(t, mark())

	w.Begun("run-2", api.UpdateEnv)
	require.Equal(t, api.UpdateEnv, mark())
	maintain(true)
	require.Equal(t, api.UpdateEnv, mark(), "the operation's mark stays")
	_, err := w.Acts.Records.EndOperation(t.Context(), records.EndInput{
		ClusterID: world.ClusterID, RunID: "run-2", Outcome: api.OpSucceeded, ClusterState: lifecycle.Active,
	})
	require.NoError(t, err)
	require.Equal(t, lifecycle.MarkMaintenance, mark())
}
