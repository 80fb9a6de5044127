package etcd

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/tests/apps"
)

func TestLintFindsNothing(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		require.Empty(t, specs.Lint(t.Context(), open(t, version)), version)
	}
}

// The life of a package as its author sees it: every operation, every service twice, and the checks in the folder test. It has
// servers of its own, and so no other cluster lives meanwhile.
func TestThePackageTest(t *testing.T) {
	l := apps.Start(t)
	apps.Versions(t, "etcd")
	var report struct {
		Items []struct{ Name, State, Why string }
		Again []struct{ Service, Output string }
	}
	tested := l.TestPackage(t, "etcd", "3.6", "-o", "json")
	tested.JSON(t, &report)
	states := map[string]string{}
	for _, s := range report.Items {
		states[s.Name] = s.State + s.Why
	}
	require.Equal(t, map[string]string{
		"create": "passed", "add-nodes": "passed", "delete-nodes": "passed", "scale": "passed", "restart": "passed", "stop": "passed",
		"start": "passed", "upgrade": "passed", "delete": "passed",
	}, states, tested.Stderr)
	require.Empty(t, report.Again)
	require.Zero(t, tested.Code)
}

func TestVersionsDifferOnlyWhereTheyMust(t *testing.T) {
	t.Parallel()
	old, _, err := open(t, "3.5").Render(t.Context(), nil)
	require.NoError(t, err)
	next, _, err := open(t, "3.6").Render(t.Context(), nil)
	require.NoError(t, err)

	require.Empty(t, old.UpgradePolicy)
	require.Equal(t, []string{"3.5"}, next.UpgradePolicy)
	require.Equal(t, "etcd-3.5", old.Roles[0].Container.Image)
	require.Equal(t, "etcd-3.6", next.Roles[0].Container.Image)
	next.UpgradePolicy, next.Roles[0].Container.Image = old.UpgradePolicy, old.Roles[0].Container.Image
	require.Equal(t, old, next)
}

func TestSpecification(t *testing.T) {
	t.Parallel()
	spec := newRecord(t, "3.6", nil).Spec
	require.Len(t, spec.Roles, 1)
	r := spec.Roles[0]
	require.Equal(t, 3, r.Count)
	require.Equal(t, []string{"/var/lib/etcd"}, r.Volume.MountPoints)
	require.Equal(t, "sequential", spec.UpgradingPolicy)
	require.Equal(t, "sequential", r.VerticalScalingPolicy)
	require.False(t, r.Services["destroy"].PostStopService, "the guard must run before anything is stopped")
	require.True(t, r.Services["destroy"].AllowForce)
	for _, name := range []string{"scale_out", "scale_in"} {
		require.Equal(t, 1, r.Services[name].NodesToExecuteOn, "%s: two nodes would change the membership at once", name)
	}
	for _, name := range []string{"snapshot", "defrag", "allow_downgrade"} {
		require.True(t, r.Services[name].Custom, name)
	}
	var items map[string]any
	require.NoError(t, json.Unmarshal(r.Monitor.Items, &items))
	require.Equal(t, measured, slices.Sorted(maps.Keys(items)))
}

func TestEdgeValues(t *testing.T) {
	t.Parallel()
	p := open(t, "3.6")
	for _, values := range []map[string]any{
		{"etcd_node.count": 1, "env.quota_backend_bytes_mib": 16, "env.heartbeat_interval": 20, "env.auto_compaction_retention": "0"},
		{"etcd_node.count": 9, "env.quota_backend_bytes_mib": 8192, "env.heartbeat_interval": 200, "env.election_timeout": 50000},
		{"etcd_node.volume_size": 1000, "env.auto_compaction_retention": "9999h", "env.log_level": "debug"},
	} {
		_, _, err := p.Render(t.Context(), values)
		require.NoError(t, err, "%v", values)
	}
	for path, value := range map[string]any{
		"etcd_node.count": 4, "etcd_node.volume_size": 0, "env.quota_backend_bytes_mib": 8193, "env.heartbeat_interval": 25,
		"env.election_timeout": 999, "env.auto_compaction_retention": "1h\nETCD_NAME=x", "env.log_level": "trace",
		"env.snapshot_count": 99,
	} {
		_, _, err := p.Render(t.Context(), map[string]any{path: value})
		require.ErrorContains(t, err, path, "%v", value)
	}
}

// etcd does not start when the election timeout is less than five heartbeats; no two values may combine to that.
func TestEveryHeartbeatFitsEveryElectionTimeout(t *testing.T) {
	t.Parallel()
	bound := map[string]int{}
	for _, it := range open(t, "3.6").Config.Items {
		for name, n := range map[string]json.Number{".min": it.Min, ".max": it.Max} {
			bound[it.Path+name], _ = strconv.Atoi(n.String())
		}
	}
	require.Positive(t, bound["env.heartbeat_interval.max"])
	require.GreaterOrEqual(t, bound["env.election_timeout.min"], 5*bound["env.heartbeat_interval.max"])
}
