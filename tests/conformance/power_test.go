package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/workflows/api"
)

// Off and on again: volumes are kept, root disks only where users have access. What changed while the machines were off
// is there when the first command runs.
//
// step: UE2
func TestSP1_SP2_ST1_ST2_ST3_OffAndOn(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(
		role("a", 2, "start order=1", "stop", "destroy"), and(role("k", 1, "start", "stop"), object{"user_access": true}),
		and(role("bare", 1, "start", "stop"), object{"agent_installed": false}),
	), api.CreateClusterInput{}, "start: k/1 | hosts a/1 a/2 bare/1 k/1", "start: a/1 a/2")
	before := c.nodes()

	c.run(api.StopCluster, api.StopClusterInput{}, "stop: a/1 a/2 k/1 | hosts a/1 a/2 bare/1 k/1")
	require.Equal(t, "SP1 SP2", c.walked())
	require.Equal(t, "stopped", c.state())
	off, err := machines.List(t.Context(), c.id)
	require.NoError(t, err)
	require.Len(t, off.Instances, 4)
	for _, instance := range off.Instances {
		require.Equal(t, providers.Off, instance.State, instance.ID)
	}
	c.run(api.UpdateEnv, api.UpdateEnvInput{Values: map[string]any{"env.level": "high"}})
	require.Equal(t, "UE1", c.walked(), "machines that are off apply it when they start")

	c.run(api.StartCluster, api.StartClusterInput{}, "start: k/1 | hosts a/1 a/2 bare/1 k/1", "start: a/1 a/2")
	require.Equal(t, "ST1 ST2 ST3", c.walked())
	require.Equal(t, "active", c.state())
	after := c.nodes()
	require.Equal(t, providers.Running, c.machine(after["bare/1"].InstanceID).State)
	for _, b := range c.rec.ran("start") {
		require.Equal(t, []string{"start", "stop"}, b.Volume, b.label())
		require.Equal(t, "high", b.Seen["/env/level"])
		was := before[b.label()]
		require.Equal(t, was.NodeID, b.Node)
		require.Equal(t, was.IP, after[b.label()].IP)
		if b.Role == "k" {
			require.Equal(t, []string{"start", "stop"}, b.Root)
			require.Equal(t, was.InstanceID, b.Instance)
		} else {
			require.Empty(t, b.Root)
			require.NotEqual(t, was.InstanceID, b.Instance)
		}
	}

	// A cluster that is off is booted, so that its guard can answer.
	c.run(api.StopCluster, api.StopClusterInput{}, "stop: a/1 a/2 k/1 | hosts a/1 a/2 bare/1 k/1")
	c.run(api.DeleteCluster, api.DeleteClusterInput{}, "destroy: a/1 a/2 | hosts a/1 a/2 bare/1 k/1", "stop: a/1 a/2 k/1")
	c.gone()
}

// repair starts services where machines were taken or made, and nowhere else.
func TestRP1_RP2_RP3_RP4_RP5_Repair(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 1, "start", "stop"), role("b", 2, "start order=1", "stop")),
		api.CreateClusterInput{}, "start: a/1 | hosts a/1 b/1 b/2", "start: b/1 b/2")
	c.run(api.RepairCluster, api.RepairClusterInput{})
	require.Equal(t, "RP3 RP4", c.walked())
	c.run(api.RepairCluster, api.RepairClusterInput{Nodes: c.ids("b/2")}, "start: b/2 | hosts a/1 b/1 b/2")
	require.Equal(t, "RP1 RP2 RP3 RP4 RP5", c.walked())
}

// restart where it is defined, stop and start elsewhere; one role alone when asked.
func TestRS1_RS2_RS3_Restart(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 1, "start", "stop", "restart"), role("b", 2, "start order=1", "stop")),
		api.CreateClusterInput{}, "start: a/1 | hosts a/1 b/1 b/2", "start: b/1 b/2")
	c.run(api.RestartCluster, api.RestartClusterInput{}, "restart: a/1 | hosts a/1 b/1 b/2", "stop: b/1 b/2", "start: b/1 b/2")
	require.Equal(t, "RS1 RS2 RS3", c.walked())
	only := "a"
	c.run(api.RestartCluster, api.RestartClusterInput{Role: &only}, "restart: a/1 | hosts a/1 b/1 b/2")
	require.Equal(t, "RS1", c.walked())
	only = "b"
	c.fails(api.RestartCluster, api.RestartClusterInput{Role: &only}, "stop: b/1 b/2 | hosts a/1 b/1 b/2", "start: b/1 b/2=1")
	require.Equal(t, "stopped", c.state())
	c.run(api.StartCluster, api.StartClusterInput{}, "start: a/1 | hosts a/1 b/1 b/2", "start: b/1 b/2")
}
