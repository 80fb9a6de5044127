package publish_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities/machines"
	"drover/activities/publish"
	"drover/fault"
	"drover/metadata"
	"drover/tests/fakes/world"
	"drover/workflows/api"
)

func TestPublishIsOncePerOperation(t *testing.T) {
	t.Parallel()
	w := world.New(t)
	rec := w.Cluster(1)
	require.NoError(t, w.Acts.Machines.Provision(t.Context(), machines.NodesInput{ClusterID: world.ClusterID, Nodes: world.IDs(rec)}))
	for range 2 {
		require.NoError(t, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-1", Revision: 1}))
	}
	require.EqualValues(t, 1, w.Record().Revision)
	require.Len(t, w.Store.History(world.ClusterID), 1)
	w.RequireFault(fault.Conflict, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-2", Revision: 1}))
	w.Begun("run-2", api.RepairCluster)
	w.RequireFault(fault.Conflict, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-1", Revision: 2}))
	require.NoError(t, w.Acts.Publish.Publish(t.Context(), publish.PublishInput{ClusterID: world.ClusterID, RunID: "run-2", Revision: 2}))
	p, ok := w.Store.Tree(world.ClusterID)
	require.True(t, ok)
	want, err := metadata.Build(w.Record())
	require.NoError(t, err)
	require.Equal(t, want, p.Tree)

	w.RequireFault(fault.Conflict, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-1"}))
	require.NoError(t, w.Acts.Publish.Deregister(t.Context(), publish.DeregisterInput{ClusterID: world.ClusterID, RunID: "run-2"}))
	_, ok = w.Store.Tree(world.ClusterID)
	require.False(t, ok)
	require.Empty(t, w.Store.Operation(world.ClusterID))
}
