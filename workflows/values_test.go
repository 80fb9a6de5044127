package workflows_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/workflows/api"
)

// publishItems makes a version of "app" with one role whose count and memory are items, and these items below env.
func (w *world) publishItems(version string, env map[string]string, more string) {
	w.t.Helper()
	items, published := []string{}, []string{}
	for key, item := range env {
		items = append(items, fmt.Sprintf(`{"key": %q, %s}`, key, item))
		published = append(published, fmt.Sprintf(`%q: {{env.%s}}`, key, key))
	}
	config := `{"type": "array", "properties": [{"key": "cluster", "properties": [{"key": "a", "properties": [
		{"key": "count", "type": "integer", "default": 3, "range": [3, 5, 7]}, {"key": "memory", "type": "integer", "default": 256, "range": [256, 512]}]},
		{"key": "b", "properties": [{"key": "count", "type": "integer", "default": 1}]}]},
		{"key": "env", "properties": [` + strings.Join(items, ",") + `]}]}`
	role := `"cpu": 1, "container": {"type": "fake", "image": "image-` + version + `"}, "services": {"start": {"cmd": "start"}, "stop": {"cmd": "stop"}}`
	cluster := `{"name": "app", "vxnet": "net", "advanced_actions": ["scale_horizontal"], "upgrade_policy": ["1"], ` + more + `
		"env": {"heap": {{cluster.a.memory}}, "members": {{cluster.a.count}}, ` + strings.Join(published, ",") + `},
		"nodes": [{"role": "a", "count": {{cluster.a.count}}, "memory": {{cluster.a.memory}}, ` + role + `},
			{"role": "b", "count": {{cluster.b.count}}, "memory": 128, ` + role + `}]}`
	require.NoError(w.t, w.store.PutApp(w.t.Context(), metadata.App{
		AppID: "app", VersionID: version, Archive: archiveOf(w.t, map[string]string{"config.json": config, "cluster.json.mustache": cluster}),
		PublishedAt: "2026-01-0" + version + "T00:00:00Z",
	}))
}

// versions publishes two versions that differ in their items, and creates a cluster of the first.
func (w *world) versions() {
	w.t.Helper()
	const port = `"endpoints": {"client": {"port": "env.port", "protocol": "tcp"}},`
	w.publishItems("1", map[string]string{
		"layout": `"type": "string", "default": "rows", "changeable": false`, "day": `"type": "string"`, "port": `"type": "integer", "default": 2379`,
		"note": `"type": "string"`, "big": `"type": "integer", "default": 9223372036854775807`,
	}, port)
	w.publishItems("2", map[string]string{
		"layout": `"type": "string", "default": "columns", "changeable": false`, "port": `"type": "integer", "default": 9999`,
		"note": `"type": "string"`, "big": `"type": "integer", "default": 1`, "color": `"type": "string", "default": "blue"`,
	}, port)
	w.publishItems("3", map[string]string{"note": `"type": "string"`, "license": `"type": "password", "required": "yes"`}, "")
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1", Values: api.Values{"env.day": "monday"}})
}

// seen is a value below self/ that nodes see; false when there is none.
func (w *world) seen(key string) (string, bool) {
	p, _ := w.store.Tree(clusterID)
	value, ok := p.Tree["self/"+key]
	return value, ok
}

func (w *world) requireSeen(want map[string]string) {
	w.t.Helper()
	for key, value := range want {
		got, ok := w.seen(key)
		require.Equal(w.t, []any{value, true}, []any{got, ok}, key)
	}
}

func TestUpgradeKeepsValuesInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.versions()
	plan := w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2", Waits: api.Waits{DryRun: true}}).result
	require.Equal(t, []api.ValueView{{Path: "env.color", Value: `"blue"`}}, plan.Values.New)
	require.Equal(t, []string{"env.day"}, plan.Values.Dropped)
	require.Subset(t, plan.Values.Kept, []api.ValueView{
		{Path: "env.layout", Value: `"rows"`, Default: `"columns"`}, {Path: "env.port", Value: "2379", Default: "9999"},
		{Path: "env.big", Value: "9223372036854775807", Default: "1"}, {Path: "env.note", Value: `""`},
	})

	r := w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"})
	require.Equal(t, plan.Values.Dropped, r.result.Values.Dropped)
	inForce := map[string]string{
		"env/layout": "rows", "env/port": "2379", "env/big": "9223372036854775807", "env/color": "blue", "cluster/endpoints/client/port": "2379",
	}
	w.requireSeen(inForce)
	_, ok := w.seen("env/day")
	require.False(t, ok)

	// What the version dropped is in the way of nothing.
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.note": "a"}})
	inForce["env/note"] = "a"
	w.requireSeen(inForce)
	require.Contains(t, w.start(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.day": "x"}}).fault().Message, "env.day: no such item")
}

// A record that was written before its values were completed is upgraded like the others.
func TestUpgradeOfARecordWithoutDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.versions()
	rec, index, err := w.store.Record(t.Context(), clusterID)
	require.NoError(t, err)
	rec.Values = lifecycle.Values{"env.day": "monday"}
	_, err = w.store.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)
	w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"})
	w.requireSeen(map[string]string{"env/layout": "rows", "env/port": "2379"})
}

// The way back from an upgrade is the way back to its values, the dropped ones included.
func TestDowngradeBringsValuesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.versions()
	before := w.record()
	w.refuse("start", "a")
	require.Error(t, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).err)
	w.agents.Handlers = nil
	w.start1(api.DowngradeCluster, api.DowngradeClusterInput{})
	require.Equal(t, before.Values, w.record().Values)
	w.requireSeen(map[string]string{"env/day": "monday", "env/layout": "rows"})
}

func TestUpgradeTakesValuesOfNewItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.versions()
	before := w.record()
	for _, values := range []api.Values{nil, {"env.day": "x"}, {"cluster.a.memory": 512, "env.license": "x"}} {
		f := w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "3", Values: values}).fault()
		require.Equal(t, fault.Invalid, f.Type)
		require.Contains(t, f.Hint, "--set")
		require.Equal(t, before, w.record())
	}
	f := w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "3"}).fault()
	require.Contains(t, f.Message, "env.license: required")
	r := w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "3", Values: api.Values{"env.license": "abc-123", "env.note": "b"}})
	w.requireSeen(map[string]string{"env/license": "abc-123", "env/note": "b"})
	require.Equal(t, []api.ValueView{{Path: "env.license", Value: "(hidden)"}}, r.result.Values.New)
	require.Len(t, r.result.Values.Set, 1)
	require.Equal(t, `"b"`, r.result.Values.Set[0].Value)
	require.NotEmpty(t, r.result.Values.Set[0].Was)
	require.Equal(t, []string{"env.big", "env.day", "env.layout", "env.port"}, r.result.Values.Dropped)
}

// What a creation refuses, a growing or scaled cluster refuses: as it is now, and before anything begins.
func TestScalingFollowsTheRulesOfThePackage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.versions()
	before, ran := w.record(), len(w.commands())
	refuses := func(operation string, input any, text string) {
		t.Helper()
		f := w.start(operation, input).fault()
		require.Equal(t, fault.Invalid, f.Type)
		require.Contains(t, f.Message, text)
		require.Equal(t, before, w.record())
		require.Len(t, w.commands(), ran)
	}
	refuses(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1}, "cluster.a.count: value 4 is not allowed: the allowed values are 3, 5, 7")
	refuses(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1, Waits: api.Waits{DryRun: true}}, "value 4")
	refuses(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", Memory: 300}, "cluster.a.memory: value 300 is not allowed: the allowed values are 256, 512")
	refuses(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", Memory: 3}, "value 3 is")

	w.start1(api.AddNodes, api.AddNodesInput{Role: "a", Count: 2})
	w.requireSeen(map[string]string{"env/members": "5"})
	w.start1(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", Memory: 512})
	w.requireSeen(map[string]string{"env/heap": "512"})
	before, ran = w.record(), len(w.commands())
	refuses(api.AddNodes, api.AddNodesInput{Role: "a", Count: 4}, "value 9")
	w.start1(api.AddNodes, api.AddNodesInput{Role: "a", Count: 2})
	w.start1(api.DeleteNodes, api.DeleteNodesInput{Nodes: []string{w.node("a", 1).ID}})
	w.requireSeen(map[string]string{"env/members": "6"})

	// A count that no new cluster could have is in the way of nothing else.
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.note": "a"}})
	w.requireSeen(map[string]string{"env/members": "6", "env/heap": "512"})
	w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"})
	w.requireSeen(map[string]string{"env/members": "6", "env/heap": "512"})
	w.sound()
}

// An addition that failed leaves values and specification as they were.
func TestUndoneAdditionLeavesValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.versions()
	before := w.record()
	w.refuse("start", "a")
	require.Error(t, w.start(api.AddNodes, api.AddNodesInput{Role: "a", Count: 2}).err)
	require.Equal(t, before.Spec, w.record().Spec)
	w.requireSeen(map[string]string{"env/members": "3"})
}

// A role that was created without nodes may lose its last one again.
func TestRoleCreatedWithoutNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishItems("1", map[string]string{"note": `"type": "string"`}, "")
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Values: api.Values{"b.count": 0}})
	w.start1(api.AddNodes, api.AddNodesInput{Role: "b", Count: 1})
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.note": "a"}})
	w.start1(api.DeleteNodes, api.DeleteNodesInput{Nodes: []string{w.node("b", 1).ID}})
	w.sound()
}

// Nothing is written, also by a dry run, that could not be published.
func TestValuesTooLargeForConsul(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", metadata.MaxValue+1)
	w := newWorld(t)
	w.publishItems("1", map[string]string{"note": `"type": "string"`}, "")
	w.publishItems("2", map[string]string{"license": `"type": "string"`}, "")
	const text = "has 360449 bytes; the limit is 360448"
	for _, dry := range []bool{true, false} {
		f := w.start(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1", Values: api.Values{"env.note": large}, Waits: api.Waits{DryRun: dry}}).fault()
		require.Contains(t, f.Message, text)
		w.nothingLeft()
	}
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
	before := w.record()
	for _, dry := range []bool{true, false} {
		waits := api.Waits{DryRun: dry}
		require.Contains(t, w.start(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.note": large}, Waits: waits}).fault().Message, text)
		require.Contains(t, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2", Values: api.Values{"env.license": large}, Waits: waits}).fault().Message, text)
		require.Equal(t, before, w.record())
	}
	w.store.MaxRecord = 10_000
	require.Contains(t, w.start(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.note": large[:20_000]}, Waits: api.Waits{DryRun: true}}).fault().Message, "control record")
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: api.Values{"env.note": large[:2000]}})
	w.start1(api.AddNodes, api.AddNodesInput{Role: "a", Count: 2})
	w.sound()
}

// A protected role without a node protects nothing.
func TestForceIsRefusedByRolesWithNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("app", nodes("a", 1, "start", "stop"), nodes("b", 0, "start", "destroy allow_force=false"))
	w.create("app")
	w.start1(api.DeleteCluster, api.DeleteClusterInput{Force: true})
	w.nothingLeft()
}

// Health and monitor commands may use values: whatever changes those, agents run the commands of today.
func TestHealthChecksFollowTheValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishItems("1", map[string]string{"port": `"type": "integer", "default": 2379`}, `"health_check": {"enable": true, "check_cmd": "check {{env.port}}"},
		"monitor": {"enable": true, "cmd": "count {{cluster.a.count}}", "items": {"n": {"unit": "", "value_type": "int", "statistics_type": "latest", "scale_factor_when_display": 1}}},`)
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
	commands := func() (out []string) {
		for _, n := range w.record().Nodes {
			s := w.agents.Settings(n.ID)
			out = append(out, s.HealthCheck.CheckCmd+", "+s.Monitor.Cmd)
		}
		return out
	}
	require.Equal(t, []string{"check 2379, count 3", "check 2379, count 3", "check 2379, count 3", "check 2379, count 3"}, commands())
	w.start1(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.port": 2380}})
	require.Equal(t, []string{"check 2380, count 3", "check 2380, count 3", "check 2380, count 3", "check 2380, count 3"}, commands())
	w.start1(api.AddNodes, api.AddNodesInput{Role: "a", Count: 2})
	for _, is := range commands() {
		require.Equal(t, "check 2380, count 5", is)
	}
	w.sound()
}
