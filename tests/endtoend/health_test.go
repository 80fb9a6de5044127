package endtoend

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/client"
	"drover/tests/apps/builder"
	"drover/workflows/api"
)

// checked publishes an application of n nodes that are healthy while /data/up exists; start makes it.
func checked(t *testing.T, n int, action string) string {
	t.Helper()
	app := "checked-" + activities.RandomID()
	check := builder.Object{
		"enable": true, "interval_sec": 1, "timeout_sec": 5, "action_timeout_sec": 5, "healthy_threshold": 2, "unhealthy_threshold": 2,
		"check_cmd": "test -e /data/up", "action_cmd": action,
	}
	role := builder.NewRole("a", n).Boots("local", "bare").Shell(map[string]string{"start": "touch /data/up", "stop": "rm -f /data/up"}).
		Set("health_check", check)
	dir := t.TempDir()
	require.NoError(t, builder.New(app, role).Write(dir))
	drover(t, "apps", "publish", dir, "--app", app, "--version", "1").OK(t)
	return app
}

// volumeOf is the folder behind the /data of the node with a server id.
func volumeOf(t *testing.T, clusterID string, sid int) string {
	t.Helper()
	for _, n := range look(t, clusterID).Cluster.Nodes {
		if n.SID != sid {
			continue
		}
		metas, err := filepath.Glob(filepath.Join(servers.StateDir, "volumes", "*", "meta.json"))
		require.NoError(t, err)
		for _, file := range metas {
			if meta, err := os.ReadFile(file); err == nil && strings.Contains(string(meta), n.NodeID) {
				return filepath.Join(filepath.Dir(file), "data")
			}
		}
	}
	require.Fail(t, "no such volume")
	return ""
}

var alone = flag.Bool("alone", false, "run the tests whose installation has no other clusters")

// needsAlone skips a test on an installation that it shares: the brake counts the nodes of all clusters, and other tests break
// theirs.
func needsAlone(t *testing.T) {
	t.Helper()
	if !*alone {
		t.Skip("it needs an installation to itself: make test-healing")
	}
}

// within waits until something has happened, and gives how long that took.
func within(t *testing.T, limit time.Duration, what string, happened func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !happened() {
		require.Less(t, time.Since(began), limit, what)
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%5.1f s  %s", time.Since(began).Seconds(), what)
	return time.Since(began)
}

func healthOf(t *testing.T, id string) api.Health {
	t.Helper()
	var list struct{ Items []api.ClusterView }
	drover(t, "list", "-o", "json").OK(t).JSON(t, &list)
	for _, c := range list.Items {
		if c.ClusterID == id && c.Health != nil {
			return *c.Health
		}
	}
	return api.Health{}
}

func healthy(t *testing.T, id string, n int) func() bool {
	return func() bool { return healthOf(t, id) == api.Health{Healthy: n} }
}

// concernsOf are the kinds of a cluster's concerns.
func concernsOf(t *testing.T, id string) []string {
	t.Helper()
	var list struct{ Items []api.Concern }
	drover(t, "concerns", id, "-o", "json").OK(t).JSON(t, &list)
	kinds := []string{}
	for _, c := range list.Items {
		kinds = append(kinds, c.Kind)
	}
	return kinds
}

// healedBy are the operations that were asked for by health, oldest first.
func healedBy(t *testing.T, id string) []string {
	t.Helper()
	var ops struct{ Items []client.Operation }
	drover(t, "ops", id, "-o", "json").OK(t).JSON(t, &ops)
	var out []string
	for _, op := range slices.Backward(ops.Items) {
		if op.By == "health" {
			out = append(out, op.Type+" "+op.State)
		}
	}
	return out
}

// What breaks alone is healed by the levels of the policy; what breaks together is left to people, and nothing happens in
// maintenance.
func TestNodesAreHealedWithABrake(t *testing.T) {
	needsAlone(t)
	machines, err := servers.Machines()
	require.NoError(t, err)
	id := newID()
	app := checked(t, 5, "true") // an action that does not help
	drover(t, "create", app, "--id", id).OK(t)
	drover(t, "heal", id, "replace").OK(t)
	within(t, time.Minute, "5 of 5 nodes are healthy", healthy(t, id, 5))
	require.Empty(t, concernsOf(t, id))
	require.Contains(t, drover(t, "list").OK(t).Stdout, "5/5 healthy")
	nodes := look(t, id).Cluster.Nodes

	// A service dies: it is known within its threshold (two checks, a second apart) and 5 s, and restarted.
	removeFile(t, filepath.Join(volumeOf(t, id, nodes[1].SID), "up"))
	within(t, 12*time.Second, "the node is known to be unhealthy", func() bool { return healthOf(t, id).Unhealthy == 1 })
	require.Equal(t, []string{"node-unhealthy"}, concernsOf(t, id))
	within(t, time.Minute, "a restart is begun", func() bool { return len(healedBy(t, id)) == 1 })
	within(t, time.Minute, "the service is healed", healthy(t, id, 5))
	require.Equal(t, []string{"RestartCluster succeeded"}, healedBy(t, id))

	// A machine dies: it is known within 30 s, and booted.
	require.NoError(t, machines.StopInstance(t.Context(), nodes[0].InstanceID))
	within(t, 35*time.Second, "the node is known to be gone", func() bool { return healthOf(t, id).Silent == 1 })
	within(t, 3*time.Minute, "the machine is healed", healthy(t, id, 5))
	require.Equal(t, []string{"RestartCluster succeeded", "RepairCluster succeeded"}, healedBy(t, id))

	// Maintenance: nothing is done.
	drover(t, "maintenance", "on", id).OK(t)
	removeFile(t, filepath.Join(volumeOf(t, id, nodes[2].SID), "up"))
	within(t, 30*time.Second, "it is known in maintenance too", func() bool { return healthOf(t, id).Unhealthy == 1 })

	// Two of five at once, one more than a fifth: nothing is done, and a concern says why.
	for _, n := range nodes[3:] {
		require.NoError(t, machines.StopInstance(t.Context(), n.InstanceID))
	}
	within(t, 45*time.Second, "two nodes are gone", func() bool { return healthOf(t, id).Silent == 2 })
	drover(t, "maintenance", "off", id).OK(t)
	within(t, 30*time.Second, "the brake is a concern", func() bool { return slices.Contains(concernsOf(t, id), "healing-braked") })
	time.Sleep(30 * time.Second) // longer than the first level waits
	require.Len(t, healedBy(t, id), 2, "no act")
	said := drover(t, "concerns", id).OK(t).Stdout
	require.Contains(t, said, "nothing is healed: 3 of 5 nodes became bad within 10 minutes")
	require.Contains(t, strings.Join(strings.Fields(said), " "), "drover repair "+id)
	drover(t, "delete", id, "--yes", "--force").OK(t)
	nothingLeft(t, id)
}

// The walk of docs/health.md.
func TestTheWalkOfTheHealthPage(t *testing.T) {
	needsAlone(t)
	id := newID()
	w := walk{page: "health.md", names: map[string]string{"cl-a1b2c3d4": id, "checked": checked(t, 3, "true")}}
	w.acts = map[string]func(){"the service of a/2 dies": func() { removeFile(t, filepath.Join(volumeOf(t, id, 2), "up")) }}
	require.Greater(t, w.run(t), 8)
}

// The package's own action heals what it can, before Drover does anything.
func TestThePackagesActionHealsFirst(t *testing.T) {
	t.Parallel()
	id := newID()
	drover(t, "create", checked(t, 1, "touch /data/up"), "--id", id).OK(t)
	drover(t, "heal", id, "replace").OK(t)
	within(t, time.Minute, "it is healthy", healthy(t, id, 1))
	for range 5 {
		removeFile(t, filepath.Join(volumes(t, id)[0], "up"))
		within(t, 15*time.Second, "it is unhealthy", func() bool { return healthOf(t, id).Unhealthy == 1 })
		within(t, time.Minute, "the action healed it", healthy(t, id, 1))
	}
	require.Empty(t, healedBy(t, id))
	drover(t, "delete", id, "--yes").OK(t)
}
