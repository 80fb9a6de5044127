package cli

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/client"
	"drover/fault"
	"drover/workflows/api"
)

// oneCluster knows one cluster and nothing else.
type oneCluster struct {
	backend
	view api.ClusterView
}

func (o oneCluster) Cluster(context.Context, string) (*api.ClusterView, error) { return &o.view, nil }

// The failure of an upgrade that has stopped half-way names the way back, and status what runs and what failed. One that was rolled
// back, or did not begin, has no way back.
func TestAFailedUpgradeNamesTheWayBack(t *testing.T) {
	t.Parallel()
	failure := func(operation string, began bool) *client.Failed {
		return &client.Failed{Operation: operation, ClusterID: known, Began: began, Fault: fault.New(fault.CommandFailed, "upgrade on a/1 failed").WithHint("look")}
	}
	half := oneCluster{view: api.ClusterView{ClusterID: known, Version: "3.5", Target: "3.6", State: upgradeFailed}}
	err := wayBack(t.Context(), half, failure(api.UpgradeCluster, true))
	require.Equal(t, "look; go back to the version before with: drover downgrade "+known+"; nodes and steps: drover status "+known, fault.As(err).Hint)
	require.Equal(t, "to 3.6 failed; the cluster is on 3.5 until an upgrade has succeeded; go back with: drover downgrade "+known, upgradeOf(&half.view))

	require.Equal(t, "look", fault.As(wayBack(t.Context(), half, failure(api.UpgradeCluster, false))).Hint, "it did not begin")
	require.Equal(t, "look", fault.As(wayBack(t.Context(), half, failure(api.RestartCluster, true))).Hint)
	back := oneCluster{view: api.ClusterView{ClusterID: known, Version: "3.5", State: "active"}}
	require.Equal(t, "look", fault.As(wayBack(t.Context(), back, failure(api.UpgradeCluster, true))).Hint, "it was rolled back")
	require.Empty(t, upgradeOf(&back.view))
	require.Equal(t, "to 3.6, from 3.5", upgradeOf(&api.ClusterView{Version: "3.5", Target: "3.6", State: "active"}), "it runs")
}
