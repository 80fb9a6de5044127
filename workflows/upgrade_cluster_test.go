package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

// upgradable publishes versions 1 and 2 of an application and makes a cluster of the first.
func (w *world) upgradable(policy string) {
	roles := func(version string) []map[string]any {
		roles := []map[string]any{
			nodes("a", 2, "upgrade order=1", "start order=1", "stop"), nodes("b", 1, "upgrade post_start_service=true", "start", "stop order=1"),
		}
		for _, r := range roles {
			r["container"] = map[string]any{"type": "fake", "image": "image-" + version}
		}
		return roles
	}
	w.publishAs("app", "1", nil, roles("1")...)
	w.publishAs("app", "2", top{"upgrade_policy": []string{"1"}, "upgrading_policy": policy}, roles("2")...)
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
}

func TestUP1toUP5UpgradeCluster(t *testing.T) {
	t.Parallel()
	const u = ": upgrade-audit"
	for policy, want := range map[string][]string{
		"parallel": {
			"UP1 stop a/1 + UP1 stop a/2", "UP1 stop b/1",
			"UP4 upgrade a/1" + u + " + UP4 upgrade a/2" + u, "UP4 start b/1" + u, "UP4 start a/1" + u + " + UP4 start a/2" + u, "UP4 upgrade b/1" + u,
		},
		"sequential": {
			"UP1 stop b/1", "UP4 start b/1" + u, "UP4 upgrade b/1" + u,
			"UP1 stop a/1" + u, "UP4 upgrade a/1" + u, "UP4 start a/1" + u,
			"UP1 stop a/2" + u, "UP4 upgrade a/2" + u, "UP4 start a/2" + u,
		},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upgradable(policy)
			before, old := len(w.commands()), w.record()
			w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"})
			requireOrder(t, want, w.commandsSeeing(before))
			rec := w.record()
			require.Equal(t, "2", rec.VersionID)
			require.Equal(t, lifecycle.Active, rec.State)
			for i, n := range rec.Nodes {
				was := old.Nodes[i]
				require.Equal(t, []any{was.ID, was.SID, was.IP, was.VolumeIDs}, []any{n.ID, n.SID, n.IP, n.VolumeIDs}, "kept")
				require.NotEqual(t, was.InstanceID, n.InstanceID, "new")
			}
			for _, i := range w.provider.Everything().Instances {
				require.Equal(t, "image-2", i.Image)
			}
			w.sound()
		})
	}
}

func TestUP5FailureThenDowngrade(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"parallel", "sequential"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upgradable(policy)
			w.refuse("upgrade", "a")
			require.Equal(t, fault.CommandFailed, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).fault().Type)
			require.Equal(t, lifecycle.UpgradeFailed, w.record().State)
			require.Contains(t, w.record().Reason, "upgrade on a/1")
			w.sound()
			require.Equal(t, fault.NotAllowed, w.start(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1}).fault().Type)

			before := len(w.commands())
			w.start1(api.DowngradeCluster, api.DowngradeClusterInput{})
			last := w.commandsSeeing(before)
			requireOrder(t, []string{"UP8 start b/1", "UP8 start a/1 + UP8 start a/2"}, last[len(last)-3:])
			rec := w.record()
			require.Equal(t, "1", rec.VersionID)
			require.Equal(t, lifecycle.Active, rec.State)
			for _, i := range w.provider.Everything().Instances {
				require.Equal(t, "image-1", i.Image)
			}
			w.sound()
		})
	}
}

func TestUP5RollbackAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upgradable("parallel")
	w.refuse("upgrade", "a")
	f := w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2", OnFailure: api.OnFailureRollback}).fault()
	require.Equal(t, fault.CommandFailed, f.Type, "the upgrade failed all the same")
	require.Equal(t, "1", w.record().VersionID)
	require.Equal(t, lifecycle.Active, w.record().State)
	w.sound()
}

// A downgrade that failed can be asked for again.
func TestUP8FailureCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prepareUpgradeFailed(w)
	w.refuse("start", "b")
	require.Error(t, w.start(api.DowngradeCluster, api.DowngradeClusterInput{}).err)
	require.Equal(t, lifecycle.UpgradeFailed, w.record().State)
	w.agents.Handlers = nil
	w.start1(api.DowngradeCluster, api.DowngradeClusterInput{})
	require.Equal(t, lifecycle.Active, w.record().State)
	w.sound()
}

// The new image never comes up, and half of its machine is there: the way back does not need it.
func TestUP6PastAMachineThatWasNeverFinished(t *testing.T) {
	t.Parallel()
	for steps := range 4 {
		w := newWorld(t)
		w.upgradable("parallel")
		w.provider.On(fakeprovider.Rule{Method: "ReplaceImage", Fault: fault.New(fault.Invalid, "the image does not boot"), When: fakeprovider.Half, Steps: steps})
		require.Error(t, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).err)
		w.provider.Clear()
		w.start1(api.DowngradeCluster, api.DowngradeClusterInput{})
		require.Equal(t, lifecycle.Active, w.record().State)
		w.sound()
		w.start1(api.DeleteCluster, api.DeleteClusterInput{})
		w.nothingLeft()
	}
}

func TestUpgradeRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upgradable("parallel")
	w.publishAs("app", "3", nil, nodes("a", 2), nodes("c", 1))
	record := w.record()
	for version, says := range map[string]string{"1": "already", "3": `lacks role "b"`, "9": "not published", "": "version"} {
		require.Contains(t, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: version}).fault().Message, says)
		require.Equal(t, record, w.record())
	}
}

// TestUP0PreCheckRefusesBeforeAnythingIsStopped: the new version's pre_check runs on the nodes as they are, once, and a refusal
// leaves the cluster as it was.
func TestUP0PreCheckRefusesBeforeAnythingIsStopped(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"parallel", "sequential"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publishAs("app", "1", nil, nodes("a", 2, "upgrade pre_check=old", "start", "stop"))
			w.publishAs("app", "2", top{"upgrade_policy": []string{"1"}, "upgrading_policy": policy}, nodes("a", 2, "upgrade pre_check=new", "start", "stop"))
			w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
			before, old := len(w.agents.Ran()), w.record()

			w.refuse("upgrade", "a")
			require.Equal(t, fault.CommandFailed, w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).fault().Type)
			ran := w.agents.Ran()[before:]
			require.Len(t, ran, 2, "pre_check on both nodes, and nothing else")
			for _, r := range ran {
				require.Equal(t, "new", r.Cmd)
			}
			require.Equal(t, lifecycle.Active, w.record().State)
			for i, n := range w.record().Nodes {
				require.Equal(t, []any{old.Nodes[i].InstanceID, "1"}, []any{n.InstanceID, n.VersionID})
			}
			require.Nil(t, w.record().Target)
			w.sound()
		})
	}
}

// An upgrade to a version without image is refused, and powers nothing off.
func TestUpgradeWithoutImageStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishAs("app", "1", nil, nodes("a", 2, "start", "stop"))
	w.publishAs("app", "2", top{"upgrade_policy": []string{"1"}}, with(nodes("a", 2, "start", "stop"), "container", map[string]any{"type": "fake", "image": "no-such-image"}))
	w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
	commands, calls, record := len(w.agents.Ran()), len(w.provider.Calls()), w.record()
	f := w.start(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"}).fault()
	require.Equal(t, fault.NotFound, f.Type)
	require.True(t, f.Refused)
	require.Contains(t, f.Message, "the image of version 2 cannot be booted; nothing was stopped")
	require.Contains(t, f.Message, "no-such-image")
	require.Len(t, w.agents.Ran(), commands)
	for _, c := range w.provider.Calls()[calls:] {
		require.Contains(t, []string{"List", "Capabilities"}, c.Method)
	}
	require.Equal(t, record, w.record())
	w.sound()
}

// TestUP0SequentialUpgradeAsksForTheOrder: masters last, say, of those whose turn is the same by the order of upgrade.
func TestUP0SequentialUpgradeAsksForTheOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event any
		want  []string
	}{
		"every event":       {nil, []string{"UP0 get_nodes_order a/1", "UP1 stop a/3", "UP1 stop a/1", "UP1 stop a/2"}},
		"for upgrades":      {[]string{"rollback", "upgrade"}, []string{"UP0 get_nodes_order a/1", "UP1 stop a/3", "UP1 stop a/1", "UP1 stop a/2"}},
		"for upgrades only": {"upgrade", []string{"UP0 get_nodes_order a/1", "UP1 stop a/3", "UP1 stop a/1", "UP1 stop a/2"}},
		"for others":        {[]string{"scale_vertical"}, []string{"UP1 stop a/1", "UP1 stop a/2", "UP1 stop a/3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			role := nodes("a", 3, "stop", "get_nodes_order")
			if tc.event != nil {
				role["services"].(map[string]any)["get_nodes_order"].(map[string]any)["event"] = tc.event
			}
			w.publishAs("app", "1", nil, role)
			w.publishAs("app", "2", top{"upgrade_policy": []string{"1"}, "upgrading_policy": "sequential"}, nodes("a", 3, "stop"))
			w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
			last := w.record().Nodes[2].ID
			w.agents.On(lifecycle.ServiceNodesOrder, func(context.Context, fakes.Execution) agentapi.CommandStatus {
				return fakes.Exit(0, last+"\n")
			})
			before, ran := len(w.commands()), len(w.agents.Ran())
			w.start1(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"})
			got := w.commands()[before:]
			require.Equal(t, tc.want, got)
			if len(tc.want) == 4 {
				require.Equal(t, "run get_nodes_order upgrade", w.agents.Ran()[ran].Cmd)
			}
			require.Equal(t, "2", w.record().VersionID)
			w.sound()
		})
	}
}
