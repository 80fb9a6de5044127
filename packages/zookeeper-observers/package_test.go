package observers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	apps.CheckScripts(t)
}

func TestPackage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the package of Debian's: not with -short")
	}
	versions := apps.Versions(t, "zookeeper-observers")
	require.Len(t, versions, 1)
	p := apps.Open(t, "zookeeper-observers", versions[0])
	apps.CheckTexts(t, "zookeeper-observers", versions[0], "cluster.ensemble: required and without a default")
	_, _, err := p.Render(t.Context(), nil)
	require.ErrorContains(t, err, "cluster.ensemble", "observers need something to observe")
	spec, _, err := p.Render(t.Context(), map[string]any{"cluster.ensemble": "cl-12345678"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"ensemble": "cl-12345678"}, spec.Links)
}
