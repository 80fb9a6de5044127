package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// Dry runs alone may run under the id of a dry run: it keeps nothing else from changing the cluster.
func TestIDsOfDryRuns(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][2]bool{ // may be planned, may be done
		"cluster/cl-a1b2c3d4": {true, true},
		"plan/cl-a1b2c3d4/x":  {true, false},
		"plan/cl-a1b2c3d4":    {},
		"plan/cl-a1b2c3d4/":   {},
		"plan/cl-short/x":     {},
		"another/cl-a1b2c3d4": {},
	} {
		for i, dryRun := range []bool{true, false} {
			cluster, err := ownID(api.DeleteCluster, id)
			if err == nil {
				require.Equal(t, "cl-a1b2c3d4", cluster)
				err = onlyPlanned(api.DeleteCluster, id, dryRun)
			}
			require.Equal(t, want[i], err == nil, "%s: %v", id, err)
		}
	}
}
