package workflows_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

// A node that does not respond, and a provider without room, refuse an operation, all at once, before anything is stopped or made. A
// plan says the same.
func TestWhatIsForeseenStopsAndMakesNothing(t *testing.T) {
	t.Parallel()
	for operation, tt := range map[string]struct {
		input any
		plan  any
		lacks []string
	}{
		api.AddNodes: {
			input: api.AddNodesInput{Role: "a", Count: 3}, plan: api.AddNodesInput{Role: "a", Count: 3, Waits: api.Waits{DryRun: true}},
			lacks: []string{"3 addresses are needed, and 2 are free", "volumes take 3 GiB more, and 2 GiB are free"},
		},
		api.ScaleVertical: {
			input: api.ScaleVerticalInput{Role: "a", Memory: 4096, VolumeSize: 9},
			plan:  api.ScaleVerticalInput{Role: "a", Memory: 4096, VolumeSize: 9, Waits: api.Waits{DryRun: true}},
			lacks: []string{"a node needs 4096 MiB of memory, and the machine has 1024 MiB", "volumes take 16 GiB more, and 2 GiB are free"},
		},
		api.UpgradeCluster: {
			input: api.UpgradeClusterInput{Version: "2"}, plan: api.UpgradeClusterInput{Version: "2", Waits: api.Waits{DryRun: true}},
			lacks: []string{"the image of version 2 cannot be booted; nothing was stopped or made: there is no image no-such-image"},
		},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // the agent is waited for
				w := newWorldOn(t, fakeprovider.Options{Addresses: 4, Memory: 1024, Disk: 4})
				w.publishAs("app", "1", scalable, nodes("a", 2, "start", "stop"))
				w.publishAs("app", "2", top{"upgrade_policy": []string{"1"}}, with(nodes("a", 2, "start", "stop"), "container", map[string]any{"type": "fake", "image": "no-such-image"}))
				w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Version: "1"})
				n := w.record().Nodes[1]
				w.agents.Silence(n.ID)
				w.store.SetLive(metadata.Live{ClusterID: clusterID, Nodes: []metadata.LiveNode{{NodeID: n.ID, Health: lifecycle.Gone, Since: "2026-01-02T01:00:00Z"}}})
				commands, resources, record := len(w.agents.Ran()), w.resources(), w.record()
				for _, input := range []any{tt.plan, tt.input} {
					f := w.start(operation, input).fault()
					require.Equal(t, fault.Unreachable, f.Type)
					require.True(t, f.Refused)
					require.Contains(t, f.Problems[0], "the agent of a/2 ("+n.ID+", "+n.IP+") does not respond since 2026-01-02T01:00:00Z: ")
					require.Equal(t, tt.lacks, f.Problems[1:])
					require.Contains(t, f.Hint, "drover repair "+clusterID+" --nodes "+n.ID+" (--replace")
					require.Len(t, w.agents.Ran(), commands)
					require.Equal(t, resources, w.resources())
					require.Equal(t, record, w.record())
				}
				w.sound()
			})
		})
	}
}

// A creation without room or image makes nothing; what a provider does not enforce is a warning of plan and operation.
func TestCreationWithoutRoomMakesNothing(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, fakeprovider.Options{Addresses: 1, Memory: 256, Images: []string{"image-2"}})
	w.publish("app", nodes("a", 2, "start"))
	calls := len(w.provider.Calls())
	f := w.start(api.CreateCluster, api.CreateClusterInput{App: "app"}).fault()
	require.Equal(t, fault.NotFound, f.Type)
	require.True(t, f.Refused)
	require.Equal(t, []string{
		"the image of version 1 cannot be booted; nothing was stopped or made: there is no image image-1",
		"2 addresses are needed, and 1 are free", "a node needs 512 MiB of memory, and the machine has 256 MiB",
	}, f.Problems)
	for _, c := range w.provider.Calls()[calls:] {
		require.Equal(t, "List", c.Method)
	}
	w.nothingLeft()

	w = newWorldOn(t, fakeprovider.Options{Disk: 1, Capabilities: &providers.Capabilities{AgentPreinstalled: true, Notes: []string{"nothing is enforced"}}})
	w.publish("app", nodes("a", 2, "start"))
	for _, dryRun := range []bool{true, false} {
		r := w.start1(api.CreateCluster, api.CreateClusterInput{App: "app", Waits: api.Waits{DryRun: dryRun}})
		require.Equal(t, []api.Warning{{Message: "volumes take 2 GiB more, and 1 GiB are free"}}, r.result.Warnings)
	}
	w.sound()
}
