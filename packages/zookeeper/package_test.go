package zookeeper

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
	versions := apps.Versions(t, "zookeeper")
	for i, version := range versions {
		p := apps.Open(t, "zookeeper", version)
		apps.CheckTexts(t, "zookeeper", version)
		spec, _, err := p.Render(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, spec.Roles, 1)
		r := spec.Roles[0]
		require.Empty(t, r.Name, "role-less")
		require.Equal(t, 254, r.ServerIDUpperBound, "ZooKeeper knows no larger ids")
		require.Equal(t, "sequential", r.VerticalScalingPolicy)
		require.Equal(t, versions[:i], append([]string{}, spec.UpgradePolicy...))
		for _, name := range []string{"scale_out", "scale_in"} {
			require.Equal(t, 1, r.Services[name].NodesToExecuteOn, "%s: two nodes would change the membership at once", name)
		}
	}
}
