package histories

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

// TestThousandNodes takes a cluster of a thousand nodes in four order groups through its life and wants every operation's
// history far below the server's limits (it prints them: -v).
func TestThousandNodes(t *testing.T) {
	needsServer(t)
	services := func(order string) []string {
		return []string{
			"init order=" + order, "start order=" + order, "stop order=" + order, "destroy order=" + order, "scale_out order=" + order,
			"scale_in order=" + order, "upgrade order=" + order, "rotate type=custom",
		}
	}
	large := app{id: "large", roles: []map[string]any{
		role("a", 700, services("0")...), role("b", 100, services("1")...), role("c", 100, services("2")...), role("d", 100, services("3")...),
	}}
	w := newWorld(t, "large", large)
	w.ctx = t.Context()
	var r table
	defer r.print(t)

	r.measure(w, api.CreateCluster, 1000, api.CreateClusterInput{App: "large", Version: "1", Waits: api.Waits{DryRun: true}})
	r.measure(w, api.CreateCluster, 1000, api.CreateClusterInput{App: "large", Version: "1"})
	r.measure(w, api.AddNodes, 1250, api.AddNodesInput{Role: "a", Count: 250})
	r.measure(w, api.DescribeCluster, 1250, api.DescribeClusterInput{ClusterID: w.clusterID, Agents: true})
	r.measure(w, api.DeleteNodes, 1250, api.DeleteNodesInput{Nodes: w.members("a")[700:]})
	require.Len(t, w.members("a"), 700)
	r.measure(w, api.ScaleVertical, 1000, api.ScaleVerticalInput{Role: "a", CPU: 2, VolumeSize: 2})
	r.measure(w, api.UpgradeCluster, 1000, api.UpgradeClusterInput{Version: "2"})
	r.measure(w, api.RestartCluster, 1000, api.RestartClusterInput{})
	r.measure(w, api.RunService, 1000, api.RunServiceInput{Service: "rotate"})
	r.measure(w, api.UpdateEnv, 1000, api.UpdateEnvInput{Values: map[string]any{"env.quota": 2}})
	r.measure(w, api.StopCluster, 1000, api.StopClusterInput{})
	r.measure(w, api.StartCluster, 1000, api.StartClusterInput{})
	r.measure(w, api.DeleteCluster, 1000, api.DeleteClusterInput{})

	r.bounded(t, mostEvents)
}

// TestThousandNodesInTurn plans the operations that take a thousand nodes one after the other: the walk is made in one
// go, and its plan is the largest there is.
func TestThousandNodesInTurn(t *testing.T) {
	needsServer(t)
	w := newWorld(t, "in-turn", chain(1000))
	r := table{plansOnly: true}
	defer r.print(t)
	w.done(api.CreateCluster, api.CreateClusterInput{App: w.app.id, Version: "1"})
	dry := api.Waits{DryRun: true}
	r.measure(w, api.ScaleVertical, 1000, api.ScaleVerticalInput{Role: "a", CPU: 2, VolumeSize: 2, Waits: dry})
	r.measure(w, api.UpgradeCluster, 1000, api.UpgradeClusterInput{Version: "2", Waits: dry})
	r.bounded(t, mostEvents)
}

// TestSequential measures operations where a package takes nodes one after the other. There the number of events grows
// with the number of nodes, and the operation continues in further runs, each of them bounded: -sequential 1000 shows it.
func TestSequential(t *testing.T) {
	needsServer(t)
	w := newWorld(t, "chain", chain(*sequential))
	w.ctx = t.Context()
	var r table
	defer r.print(t)
	id := w.app.id
	r.measure(w, api.CreateCluster, *sequential, api.CreateClusterInput{App: id, Version: "1"})
	r.measure(w, api.ScaleVertical, *sequential, api.ScaleVerticalInput{Role: "a", CPU: 2, VolumeSize: 2})
	r.measure(w, api.UpgradeCluster, *sequential, api.UpgradeClusterInput{Version: "2"})
	r.measure(w, api.DeleteCluster, *sequential, api.DeleteClusterInput{})
	r.bounded(t, mostEvents)
}
