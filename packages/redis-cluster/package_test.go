package rediscluster

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
	versions := apps.Versions(t, "redis-cluster")
	for i, version := range versions {
		p := apps.Open(t, "redis-cluster", version)
		apps.CheckTexts(t, "redis-cluster", version, "env.requirepass: required and without a default")
		_, _, err := p.Render(t.Context(), nil)
		require.ErrorContains(t, err, "env.requirepass", "no user gets a cluster without a password by accident")
		spec, _, err := p.Render(t.Context(), map[string]any{"env.requirepass": first})
		require.NoError(t, err)
		require.Len(t, spec.Roles, 2)
		require.Equal(t, "master-replica", spec.Roles[1].Name)
		require.Equal(t, 3, spec.Roles[1].Count)
		require.Equal(t, []string{first}, spec.Secrets)
		require.Equal(t, versions[:i], append([]string{}, spec.UpgradePolicy...))
		for _, name := range []string{"init", "scale_out", "scale_in"} {
			require.Equal(t, 1, spec.Roles[0].Services[name].NodesToExecuteOn, "%s: two nodes would change the cluster at once", name)
		}
	}
}
