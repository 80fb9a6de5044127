package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/apps/builder"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// upgradable publishes version 1, and version 2 with another image and more keys.
func upgradable(t *testing.T, more object) *cluster {
	t.Helper()
	roles := func(image string) []builder.Role {
		var out []builder.Role
		for _, r := range []builder.Role{
			role("a", 2, "start order=1", "stop", "upgrade order=1"), role("b", 1, "start", "stop", "upgrade post_start_service"),
		} {
			out = append(out, r.Boots("local", image))
		}
		return out
	}
	a := newApp(roles("one")...)
	c := create(t, a, api.CreateClusterInput{}, "start: b/1 | hosts a/1 a/2 b/1", "start: a/1 a/2")
	a.Roles(roles("two")...)
	a.with(object{"upgrade_policy": []string{"1"}}).with(more).publish(t, "2")
	a.with(object{"upgrade_policy": []string{"0"}}).publish(t, "3")
	return c
}

// bootedFrom asserts from which image each command of the last operation ran.
func (c *cluster) bootedFrom(images map[string]string) {
	c.t.Helper()
	for _, b := range c.rec.ran("") {
		require.Equal(c.t, images[b.Command], b.Image, "%s on %s", b.Command, b.label())
	}
}

// All nodes at once. Node ids, addresses and volumes are kept; machines, root disks and the image are new.
func TestUP1toUP5_Parallel(t *testing.T) {
	t.Parallel()
	c := upgradable(t, object{})
	f := c.fails(api.UpgradeCluster, api.UpgradeClusterInput{Version: "3"})
	require.Equal(t, fault.NotAllowed, f.Type, "its upgrade_policy does not list version 1")
	before := c.nodes()
	c.run(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"},
		"stop: a/1 a/2 b/1 | hosts a/1 a/2 b/1",
		"upgrade: a/1 a/2 | hosts a/1 a/2 b/1; from 1",
		"start: b/1",
		"start: a/1 a/2",
		"upgrade: b/1",
	)
	require.Equal(t, "UP1 UP2 UP3 UP4 UP5", c.walked())
	c.bootedFrom(map[string]string{"stop": "one", "upgrade": "two", "start": "two"})
	for _, b := range c.rec.ran("upgrade") {
		require.Subset(t, b.Volume, []string{"start", "stop"}, "the volume is kept")
		require.NotContains(t, b.Root, "stop", "the root disk is the new image's")
		require.Equal(t, "2", b.Seen["/cluster/app_version"])
	}
	require.Equal(t, "hosts a/1 a/2 b/1", c.published(), "/upgrade-audit is gone")
	view := c.view()
	require.Equal(t, []string{"2", "active"}, []string{view.Version, view.State})
	for l, n := range c.nodes() {
		was := before[l]
		require.Equal(t, []any{was.NodeID, was.IP, was.SID}, []any{n.NodeID, n.IP, n.SID})
		require.NotEqual(t, was.InstanceID, n.InstanceID)
	}
}

// Node by node, by the order of upgrade, then sid.
func TestUP1toUP4_Sequential(t *testing.T) {
	t.Parallel()
	c := upgradable(t, object{"upgrading_policy": "sequential"})
	// UP3 waits for nodes whose turn has not come, too.
	c.rec.hook(tracer.Reload, func(ctx context.Context, b *begun, _ *tracer.Answer) {
		if b.label() == "a/2" && b.Image == "one" {
			pause(ctx, 3*time.Second)
		}
	})
	c.run(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"},
		"stop: b/1 | hosts a/1 a/2 b/1", "start: b/1 | hosts a/1 a/2 b/1; from 1", "upgrade: b/1",
		"stop: a/1", "upgrade: a/1", "start: a/1",
		"stop: a/2", "upgrade: a/2", "start: a/2",
	)
	c.bootedFrom(map[string]string{"stop": "one", "upgrade": "two", "start": "two"})
}

// An upgrade that fails stops there; downgrade is the way back, as an operation of its own or at once.
func TestUP5toUP8_Downgrade(t *testing.T) {
	t.Parallel()
	c := upgradable(t, object{})
	before := c.nodes()
	failing := []string{"stop: a/1 a/2 b/1 | hosts a/1 a/2 b/1", "upgrade: a/1 a/2=7 | hosts a/1 a/2 b/1; from 1"}
	back := []string{"stop: a/1 a/2 b/1", "start: b/1 | hosts a/1 a/2 b/1", "start: a/1 a/2"}

	f := c.fails(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}, failing...)
	require.Contains(t, f.Message, "upgrade on a/2 ended with exit code 7")
	require.Equal(t, "upgrade_failed", c.state())
	require.Equal(t, fault.NotAllowed, c.fails(api.RestartCluster, api.RestartClusterInput{}).Type)

	back[0] += " | hosts a/1 a/2 b/1; from 1"
	c.run(api.DowngradeCluster, api.DowngradeClusterInput{}, back...)
	require.Equal(t, "UP5b UP6 UP7 UP8", c.walked())
	c.bootedFrom(map[string]string{"stop": "two", "start": "one"})
	for _, b := range c.rec.ran("start") {
		if b.Role == "a" {
			require.Contains(t, b.Volume, "upgrade", "the volume is kept")
		}
		require.Equal(t, "1", b.Seen["/cluster/app_version"])
	}
	view := c.view()
	require.Equal(t, []string{"1", "active"}, []string{view.Version, view.State})

	c.fails(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2", OnFailure: api.OnFailureRollback}, append(failing, back...)...)
	view = c.view()
	require.Equal(t, []string{"1", "active"}, []string{view.Version, view.State})
	for l, n := range c.nodes() {
		require.Equal(t, []any{before[l].NodeID, before[l].IP}, []any{n.NodeID, n.IP})
	}
	for _, b := range c.rec.ran("start") {
		require.Equal(t, "one", b.Image)
	}
}

// A cancelled upgrade stops where it is; a cluster in that state can be deleted.
//
// step: UP5
func TestDC8_AfterACancelledUpgrade(t *testing.T) {
	t.Parallel()
	c := upgradable(t, object{})
	c.cancelled(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}, "upgrade",
		"stop: a/1 a/2 b/1 | hosts a/1 a/2 b/1", "upgrade: a/1 a/2 | hosts a/1 a/2 b/1; from 1")
	require.Equal(t, "upgrade_failed", c.state())
	c.run(api.DeleteCluster, api.DeleteClusterInput{}, "stop: a/1 a/2 b/1 | hosts a/1 a/2 b/1; from 1")
	c.gone()
}

// A sequential upgrade that fails at its second node has not touched the third. On the way back each node is stopped by
// the version that runs on it, and the third keeps its machine.
//
// step: UP5 UP6 UP8
func TestUP5_SequentialFailure(t *testing.T) {
	t.Parallel()
	c := upgradable(t, object{"upgrading_policy": "sequential"})
	before := c.nodes()
	c.fails(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"},
		"stop: b/1 | hosts a/1 a/2 b/1", "start: b/1 | hosts a/1 a/2 b/1; from 1", "upgrade: b/1", "stop: a/1", "upgrade: a/1=7")
	require.Equal(t, "upgrade_failed", c.state())
	c.run(api.DowngradeCluster, api.DowngradeClusterInput{},
		"stop: a/1 a/2 b/1 | hosts a/1 a/2 b/1; from 1", "start: b/1 | hosts a/1 a/2 b/1", "start: a/1 a/2")
	for _, b := range c.rec.ran("start") {
		require.Equal(t, "one", b.Image, b.label())
	}
	after := c.nodes()
	require.Equal(t, before["a/2"].InstanceID, after["a/2"].InstanceID)
	require.NotEqual(t, before["a/1"].InstanceID, after["a/1"].InstanceID)
}
