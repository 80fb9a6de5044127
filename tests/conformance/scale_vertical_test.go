package conformance

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// Every branch: only the volume; with stop, in parallel, one after the other, in an order the package names; without stop.
//
// step: SV1 SV3 SV6 SV7
func TestSV2_SV4_SV5_Branches(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(
		and(role("a", 1, "start order=1", "stop"), object{"replica": 1}),
		and(role("g", 2, "start", "stop", "get_nodes_order"), object{"vertical_scaling_policy": "sequential"}),
		and(role("s", 2, "start", "stop"), object{"vertical_scaling_policy": "sequential"}),
		role("n", 1, "start"),
	), api.CreateClusterInput{}, "start: g/1 g/2 s/1 s/2 n/1 | hosts a/1 a-replica/2 g/1 g/2 n/1 s/1 s/2", "start: a/1 a-replica/2")
	nodes := c.nodes()
	during := func(scaling string) string { return " | hosts a/1 a-replica/2 g/1 g/2 n/1 s/1 s/2; scaling " + scaling }
	published := func(l, field string) string {
		n := nodes[l]
		return c.tree()["/hosts/"+n.Role+"/"+n.InstanceID+"/"+field]
	}
	done := func(l, field, value string) {
		t.Helper()
		if field == "memory" {
			require.Equal(t, value, strconv.Itoa(c.machine(nodes[l].InstanceID).Size.Memory), "the machine of %s", l)
		}
		require.Equal(t, value, published(l, field), "SV6: %s of %s", field, l)
		require.Equal(t, "hosts a/1 a-replica/2 g/1 g/2 n/1 s/1 s/2", c.published(), "SV6: /vertical-scaling-roles is gone")
		c.settled("SV7")
	}

	c.run(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", VolumeSize: 2})
	require.Equal(t, "SV1 SV2 SV6 SV7", c.walked())
	done("a-replica/2", "volume_size", "2")
	f := c.fails(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", VolumeSize: 1})
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Contains(t, f.Message, "shrink")

	c.run(api.ScaleVertical, api.ScaleVerticalInput{Role: "a", Memory: 300}, "stop: a/1 a-replica/2"+during("a,a-replica"), "start: a/1 a-replica/2")
	require.Equal(t, "SV1 SV4 SV6 SV7", c.walked())
	done("a/1", "memory", "300")
	done("a-replica/2", "memory", "300")
	for _, b := range c.rec.ran("start") {
		require.Equal(t, "256", b.Seen["/host/memory"], "sizes are published when all nodes have theirs")
		require.Contains(t, b.Root, "stop", "the root disk is kept")
	}

	c.run(api.ScaleVertical, api.ScaleVerticalInput{Role: "s", Memory: 300, VolumeSize: 3}, "stop: s/1"+during("s"), "start: s/1", "stop: s/2", "start: s/2")
	done("s/2", "memory", "300")
	done("s/2", "volume_size", "3")

	c.rec.hook("get_nodes_order", func(_ context.Context, _ *begun, answer *tracer.Answer) {
		answer.Stdout = nodes["g/2"].NodeID + "," + nodes["g/1"].NodeID
	})
	c.run(api.ScaleVertical, api.ScaleVerticalInput{Role: "g", Memory: 300},
		"get_nodes_order: g/1"+during("g"), "stop: g/2", "start: g/2", "stop: g/1", "start: g/1")

	c.run(api.ScaleVertical, api.ScaleVerticalInput{Role: "n", Memory: 300},
		"stop: a/1 a-replica/2 g/1 g/2 s/1 s/2"+during("n"), "start: g/1 g/2 s/1 s/2", "start: a/1 a-replica/2")
	require.Equal(t, "SV1 SV5 SV6 SV7", c.walked())
	done("n/1", "memory", "300")
}

// However it ends, /vertical-scaling-roles goes, and every node runs: with the size it had, if its own turn failed.
//
// step: SV4
func TestSV1_Failures(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(
		role("a", 2, "start", "stop"),
		and(role("s", 3, "start", "stop"), object{"vertical_scaling_policy": "sequential"}),
	), api.CreateClusterInput{}, "start: a/1 a/2 s/1 s/2 s/3 | hosts a/1 a/2 s/1 s/2 s/3")
	during := func(role string) string { return " | hosts a/1 a/2 s/1 s/2 s/3; scaling " + role }
	memory := func(want map[string]int) {
		t.Helper()
		require.Equal(t, "hosts a/1 a/2 s/1 s/2 s/3", c.published())
		require.Equal(t, "active", c.state())
		tree := c.tree()
		for l, n := range c.nodes() {
			size := 256
			if other, ok := want[l]; ok {
				size = other
			}
			require.Equal(t, size, n.Memory, l)
			require.Equal(t, strconv.Itoa(size), tree["/hosts/"+n.Role+"/"+n.InstanceID+"/memory"], l)
			require.Equal(t, size, c.machine(n.InstanceID).Size.Memory, l)
		}
		c.settled("SV1")
	}
	in := api.ScaleVerticalInput{Role: "a", Memory: 300}
	c.fails(api.ScaleVertical, in, "stop: a/1 a/2"+during("a"), "start: a/1 a/2=1", "start: a/1 a/2")
	memory(nil)
	c.fails(api.ScaleVertical, in, "stop: a/1 a/2=1"+during("a"), "start: a/1 a/2")
	memory(nil)
	c.cancelled(api.ScaleVertical, in, "stop", "stop: a/1 a/2"+during("a"), "start: a/1 a/2")
	memory(nil)
	in.Role = "s"
	c.fails(api.ScaleVertical, in, "stop: s/1"+during("s"), "start: s/1", "stop: s/2", "start: s/2=1", "start: s/2")
	memory(map[string]int{"s/1": 300})
}
