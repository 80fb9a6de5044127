package endtoend

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/workflows/api"
)

// What would fail half-way is refused by name before anything is made, and a version that is used stays published.
func TestRefusedBeforeAnythingBegins(t *testing.T) {
	t.Parallel()
	id, app, dir := newID(), "grows-"+activities.RandomID(), t.TempDir()
	role := builder.NewRole("a", 2).Boots("local", "bare").Shell(map[string]string{"start": "true", "stop": "true"})
	require.NoError(t, builder.New(app, role).Scalable().Write(dir))
	drover(t, "apps", "publish", dir, "--app", app, "--version", "1").OK(t)
	drover(t, "create", app, "--id", id).OK(t)

	// A machine that is off.
	machines, err := servers.Machines()
	require.NoError(t, err)
	n := look(t, id).Cluster.Nodes[1]
	require.NoError(t, machines.StopInstance(t.Context(), n.InstanceID))
	for _, command := range [][]string{{"plan", "add-nodes", id, "--count", "1"}, {"add-nodes", id, "--count", "1"}} {
		refused := drover(t, command...)
		require.NotZero(t, refused.Code)
		require.Contains(t, refused.Stderr, "the agent of a/2 ("+n.NodeID+", "+n.IP+") does not respond")
		require.Contains(t, refused.Stderr, "drover repair "+id+" --nodes "+n.NodeID)
	}
	require.Len(t, look(t, id).Cluster.Nodes, 2)
	drover(t, "repair", id, "--nodes", n.NodeID).OK(t)
	drover(t, "add-nodes", id, "--count", "1").OK(t)

	// The version that the cluster has.
	unpublish := []string{"apps", "unpublish", app, "--version", "1", "--yes"}
	refused := drover(t, unpublish...)
	require.Contains(t, refused.Stderr, "version 1 of "+app+" cannot be unpublished while it is used: cluster "+id)
	require.NoError(t, builder.New(app, role.Shell(map[string]string{"start": "echo other"})).Write(dir))
	refused = drover(t, "apps", "publish", dir, "--app", app, "--version", "1", "--replace")
	require.Contains(t, refused.Stderr, "cannot be replaced while it is used: cluster "+id)
	drover(t, "apps", "yank", app, "--version", "1").OK(t)
	require.Contains(t, drover(t, "create", app, "--version", "1").Stderr, "version 1 of "+app+" is yanked since")
	require.Contains(t, drover(t, "create", app).Stderr, "all published versions of "+app+" are yanked: 1")
	drover(t, "restart", id).OK(t)
	drover(t, "delete", id, "--yes").OK(t)

	drover(t, "apps", "publish", dir, "--app", app, "--version", "1", "--replace").OK(t)
	drover(t, unpublish...).OK(t)
	for _, a := range apps.Items[api.AppView](t, drover(t, "apps", "list", "-o", "json").OK(t)) {
		require.NotEqual(t, app, a.App)
	}
}
