package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// growing has a role with replicas and custom_metadata, a plain one, one that may not grow and one that is full.
func growing(t *testing.T) *cluster {
	t.Helper()
	a := newApp(
		and(role("a", 1, "init", "start order=1", "scale_out nodes_to_execute_on=1 pre_check"),
			object{"replica": 1, "custom_metadata": object{"cmd": traced("custom_metadata")}}),
		role("b", 1, "start", "scale_out order=1"),
		and(role("rigid", 0, "start"), object{"advanced_actions": []string{}}),
		and(role("full", 0, "start"), object{"server_id_upper_bound": 1}),
	).with(object{"advanced_actions": []string{"scale_horizontal"}})
	a.publish(t, "1")
	c := newCluster(t)
	c.rec.hook("custom_metadata", func(_ context.Context, b *begun, answer *tracer.Answer) { answer.Stdout = "token of " + b.label() })
	c.run(api.CreateCluster, api.CreateClusterInput{App: a.id},
		"init: a/1 a-replica/2 | hosts a/1 a-replica/2 b/1", "custom_metadata: a/1 a-replica/2", "start: b/1", "start: a/1 a-replica/2")
	return c
}

// Only the new nodes are initialised, only the old ones scale out; the temporary folder is there in between.
//
// step: AN0 B2 S4
func TestAN1toAN7_Replicas(t *testing.T) {
	t.Parallel()
	c := growing(t)
	grown := "hosts a/1 a/3 a-replica/2 a-replica/4 b/1; adding a/3 a-replica/4"
	// AN3: an old node that takes longer than everything that is done to new ones before init.
	c.rec.hook(tracer.Reload, func(ctx context.Context, b *begun, _ *tracer.Answer) {
		if b.label() == "b/1" && sees(b.Seen) == grown {
			pause(ctx, 3*time.Second)
		}
	})
	result := c.run(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1},
		"scale_out.pre_check: a/1 | hosts a/1 a-replica/2 b/1",
		"init: a/3 a-replica/4 | "+grown,
		"custom_metadata: a/3 a-replica/4",
		"start: a/3 a-replica/4",
		"scale_out: a/1",
		"scale_out: b/1",
	)
	require.Equal(t, 5, result.Nodes)
	require.Equal(t, "AN0 AN1 AN2 AN3 AN4 AN5 AN6 AN7", c.walked())
	require.Equal(t, "a/1 a/3 a-replica/2 a-replica/4 b/1", c.rec.reloadedBefore("init"), "AN3: old nodes know before new ones begin")
	require.Equal(t, "hosts a/1 a/3 a-replica/2 a-replica/4 b/1", c.published())

	nodes := c.nodes()
	for _, b := range c.rec.ran("scale_out") {
		require.Equal(t, "token of a/3", b.Seen["/hosts/a/"+nodes["a/3"].InstanceID+"/token"])
		require.Equal(t, "token of a/1", b.Seen["/hosts/a/"+nodes["a/1"].InstanceID+"/token"], "tokens of old nodes stay")
		require.Equal(t, b.Seen["/hosts/a/"+nodes["a/3"].InstanceID+"/gid"], b.Seen["/adding-hosts/a-replica/"+nodes["a-replica/4"].InstanceID+"/gid"])
	}
	c.settled("AN7")

	// A role without a guard; whatever role grows, every old node that defines scale_out runs it.
	c.run(api.AddNodes, api.AddNodesInput{Role: "b", Count: 2},
		"scale_out.pre_check: a/1 | hosts a/1 a/3 a-replica/2 a-replica/4 b/1",
		"start: b/2 b/3 | hosts a/1 a/3 a-replica/2 a-replica/4 b/1 b/2 b/3; adding b/2 b/3",
		"scale_out: a/1", "scale_out: b/1")
}

// Refusals and failures, one after the other on one cluster: each leaves what it must.
//
// step: AN1 AN2
func TestAN0_AN5_AN6_AN7_Failures(t *testing.T) {
	t.Parallel()
	c := growing(t)
	untouched := func(what string) {
		t.Helper()
		require.Equal(t, "hosts a/1 a-replica/2 b/1", c.published(), what)
		instances, volumes := c.resources()
		require.Equal(t, []int{3, 3}, []int{instances, volumes}, what)
		require.Equal(t, "active", c.state(), what)
	}
	for role, why := range map[string]string{"rigid": "advanced_actions", "full": "server_id_upper_bound", "a-replica": "grows with it", "none": "no role"} {
		f := c.fails(api.AddNodes, api.AddNodesInput{Role: role, Count: 2})
		require.Equal(t, fault.NotAllowed, f.Type, role)
		require.Contains(t, f.Message, why)
	}
	untouched("refused")

	c.fails(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1}, "scale_out.pre_check: a/1=3 | hosts a/1 a-replica/2 b/1")
	untouched("AN0: the guard refused")

	grown := "hosts a/1 a/3 a-replica/2 a-replica/4 b/1"
	c.cancelled(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1}, "start",
		"scale_out.pre_check: a/1 | hosts a/1 a-replica/2 b/1", "init: a/3 a-replica/4 | "+grown+"; adding a/3 a-replica/4",
		"custom_metadata: a/3 a-replica/4", "start: a/3 a-replica/4")
	untouched("AN5: cancelled and undone")
	c.settled("AN5")

	c.fails(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1},
		"scale_out.pre_check: a/1 | hosts a/1 a-replica/2 b/1", "init: a/3 a-replica/4=1 | "+grown+"; adding a/3 a-replica/4")
	untouched("AN5: undone")
	c.settled("AN5")

	c.fails(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1},
		"scale_out.pre_check: a/1 | hosts a/1 a-replica/2 b/1",
		"init: a/3 a-replica/4 | "+grown+"; adding a/3 a-replica/4",
		"custom_metadata: a/3 a-replica/4", "start: a/3 a-replica/4", "scale_out: a/1=9")
	require.Equal(t, grown, c.published(), "AN6: the new nodes hold data and stay; AN7: the temporary folder goes")
	require.Equal(t, "active", c.state())
}

// A change too large for one transaction is seen whole or not at all: in /hosts and /adding-hosts alike, by every pass of
// every agent. 7 nodes are more than 128 keys in each.
func TestB1_AllOfAChangeOrNothing(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 1, "start")).with(object{"advanced_actions": []string{"scale_horizontal"}}),
		api.CreateClusterInput{}, "start: a/1 | hosts a/1")
	added := "a/2 a/3 a/4 a/5 a/6 a/7 a/8"
	c.run(api.AddNodes, api.AddNodesInput{Role: "a", Count: 7}, "start: "+added+" | hosts a/1 "+added+"; adding "+added)
	whole := []string{"hosts a/1", "hosts a/1 " + added + "; adding " + added, "hosts a/1 " + added}
	keys := map[int]bool{}
	for _, seen := range c.rec.reloadsSeen() {
		require.Contains(t, whole, sees(seen))
		keys[len(seen)] = true
	}
	require.LessOrEqual(t, len(keys), len(whole), "as many sizes of tree as revisions")
}
