package preview

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
)

func TestView(t *testing.T) {
	t.Parallel()
	p, err := specs.Open("../../specs/testdata/packages/lantern")
	require.NoError(t, err)
	spec, _, err := p.Render(t.Context(), map[string]any{"wick.count": 2, "wick.replica": 1, "shade.count": 1})
	require.NoError(t, err)
	c, err := New("lantern", spec)
	require.NoError(t, err)
	require.Equal(t, []string{"wick/1", "wick/2", "wick-replica/3", "wick-replica/4", "shade/1"}, c.Nodes())
	keys, image, err := c.View("wick/2")
	require.NoError(t, err)
	require.Equal(t, "lantern:1", image)
	// metadata_root_access: the package's templates see /self and /clusters.
	require.Equal(t, "2", keys["/self/host/sid"])
	require.Equal(t, "10.77.0.3", keys["/self/host/ip"])
	require.NotEmpty(t, keys["/self/host/token"])
	require.Equal(t, "glow;spark", keys["/self/env/modules"], "of the role")
	require.Equal(t, "lantern", keys["/self/cluster/app_id"])
	_, _, err = c.View("wick/9")
	require.ErrorContains(t, err, `no node "wick/9"`)
	require.ErrorContains(t, err, "the nodes are wick/1, wick/2,")
}
