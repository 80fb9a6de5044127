package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/workflows/api"
)

// No destroy anywhere: stop by order, release, deregister. /deleting-hosts stays empty.
func TestDC1_DC2_DC8_WithoutDestroy(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 2, "stop order=1"), role("b", 1, "start", "stop")), api.CreateClusterInput{}, "start: b/1 | hosts a/1 a/2 b/1")
	c.run(api.DeleteCluster, api.DeleteClusterInput{}, "stop: b/1 | hosts a/1 a/2 b/1", "stop: a/1 a/2")
	require.Equal(t, "DC2 DC8", c.walked())
	c.gone()
}

// destroy before stop; a refusal leaves everything as it was; force continues.
//
// step: DC3 DC7
func TestDC5_DC6_DestroyRefuses(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 1, "stop order=1", "destroy"), role("b", 2, "stop", "destroy order=1")), api.CreateClusterInput{})
	before := c.tree()

	f := c.fails(api.DeleteCluster, api.DeleteClusterInput{}, "destroy: a/1 | hosts a/1 b/1 b/2", "destroy: b/1 b/2=77")
	require.Equal(t, fault.CommandFailed, f.Type)
	require.Contains(t, f.Message, "destroy on b/2 ended with exit code 77: the data is still needed")
	require.Equal(t, "active", c.state())
	require.Equal(t, before, c.tree(), "metadata is untouched")
	instances, volumes := c.resources()
	require.Equal(t, []int{3, 3}, []int{instances, volumes})

	result := c.run(api.DeleteCluster, api.DeleteClusterInput{Force: true},
		"destroy: a/1 | hosts a/1 b/1 b/2", "destroy: b/1 b/2=77", "stop: b/1 b/2", "stop: a/1")
	require.Len(t, result.Warnings, 1)
	require.Equal(t, "DC5 DC7 DC8", c.walked())
	c.gone()
}

// destroy after stop; a refusal comes before anything is released, and leaves the cluster stopped.
//
// step: DC3
func TestDC4_DestroyAfterStop(t *testing.T) {
	t.Parallel()
	c := create(t, newApp(role("a", 2, "stop", "destroy post_stop_service")), api.CreateClusterInput{})
	f := c.fails(api.DeleteCluster, api.DeleteClusterInput{}, "stop: a/1 a/2 | hosts a/1 a/2", "destroy: a/1 a/2=5")
	require.Contains(t, f.Message, "destroy on a/2")
	require.Equal(t, "stopped", c.state())
	instances, volumes := c.resources()
	require.Equal(t, []int{2, 2}, []int{instances, volumes})
	c.run(api.DeleteCluster, api.DeleteClusterInput{}, "stop: a/1 a/2 | hosts a/1 a/2", "destroy: a/1 a/2")
	c.gone()
}

// Roles that differ: destroy of the ones, stop of all, destroy of the others. A role may refuse force up front.
//
// step: DC4 DC5
func TestS9_DestroyOfMixedRoles(t *testing.T) {
	t.Parallel()
	a := newApp(role("a", 1, "stop", "destroy"), role("b", 1, "stop order=1", "destroy post_stop_service allow_force=false"), role("c", 1, "stop"))
	c := create(t, a, api.CreateClusterInput{})
	f := c.fails(api.DeleteCluster, api.DeleteClusterInput{Force: true})
	require.Equal(t, fault.NotAllowed, f.Type)
	require.Contains(t, f.Message, `role "b"`)
	c.run(api.DeleteCluster, api.DeleteClusterInput{}, "destroy: a/1 | hosts a/1 b/1 c/1", "stop: a/1 c/1", "stop: b/1", "destroy: b/1")
	require.Equal(t, "DC5 DC7 DC4 DC8", c.walked())
	c.gone()
}
