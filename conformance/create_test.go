package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// Roles that differ in order, in post_start_service, in what they define, and one without agent.
//
// step: S1 S2 S3 S9 B1
func TestCC1toCC4_MixedRoles(t *testing.T) {
	t.Parallel()
	a := newApp(
		role("a", 2, "init", "start order=1"),
		role("b", 1, "init post_start_service", "start", "stop"),
		and(role("bare", 1, "init", "start"), object{"agent_installed": false}),
		role("quiet", 1),
	)
	hosts := "| hosts a/1 a/2 b/1 bare/1 quiet/1"
	c := create(t, a, api.CreateClusterInput{},
		"init: a/1 a/2"+hosts,
		"start: b/1",
		"start: a/1 a/2",
		"init: b/1",
	)
	require.Equal(t, "CC1 CC2 CC3 CC4", c.walked())
	require.Equal(t, "hosts a/1 a/2 b/1 bare/1 quiet/1", c.published())
}
