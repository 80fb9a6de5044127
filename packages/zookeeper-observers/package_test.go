package observers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/packages/lab"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	lab.CheckScripts(t)
}

func TestPackage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the package of Debian's: not with -short")
	}
	versions := lab.Versions(t, "zookeeper-observers")
	require.Len(t, versions, 1)
	p := lab.Open(t, "zookeeper-observers", versions[0])
	lab.CheckTexts(t, "zookeeper-observers", versions[0], "cluster.ensemble: required and without default")
	_, _, err := p.Render(nil)
	require.ErrorContains(t, err, "cluster.ensemble", "observers need something to observe")
	spec, _, err := p.Render(map[string]any{"cluster.ensemble": "cl-12345678"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"ensemble": "cl-12345678"}, spec.Links)
}
