package workflows

import (
	. "drover/lifecycle"
	"drover/workflows/api"
)

// createCluster is "Create Cluster": CC1 to CC4.
func createCluster(c cluster, _ api.CreateClusterInput) procedure {
	nodes, agents := c.NodeIDs(), c.AgentIDs(nil)
	return steps(
		// CC1: resources for all nodes (instance, volumes, network), concurrently. The control record exists already.
		do(CC1, provision{nodes}).undo(
			undoing(CC2, "deregister the cluster from metadata", deregister{}).onlyIfAllElseIsUndone().succeeding(gone),
			undoing(CC1, "release the resources of all nodes", releaseCluster{})),

		// CC2: register the whole cluster in metadata, one revision.
		do(CC2, publish{}),

		// CC3: start the agent on all nodes; barrier on all.
		do(CC3, startAgents{agents}),

		// CC4: init of the roles that run it before start; custom_metadata; start; init of the roles that run it after.
		c.initAndStart(CC4, nil),
	).ends(Active)
}
