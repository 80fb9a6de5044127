package workflows

import (
	"drover/activities/machines"
	. "drover/lifecycle"
	"drover/workflows/api"
)

// upgradeCluster is "Upgrade": UP0 to UP5, of all nodes at once or node by node, as upgrading_policy says, by the
// order of upgrade services, then as get_nodes_order prints, else by sid.
func upgradeCluster(c cluster, in api.UpgradeClusterInput) procedure {
	all := c.AgentIDs(nil)
	var turns, asks procedure
	if c.target.Sequential {
		order := c.target.UpgradeOrder()
		for _, role := range c.Roles {
			// The replicas of a role are named by their master's service.
			if asked, ok := role.NodesOrder(EventUpgrade); ok && role.ReplicaOf == "" {
				question := nodesOrder(role, asked, EventUpgrade, IDsOf(c.Family(role.Name)))
				asks = steps(asks, asking(UP0, "ask for the order of nodes", question))
				order = Rearranged(order, c.answers[question.key()], question.nodes)
			}
		}
		for i, node := range order {
			turns = steps(turns, c.taking(node).upgradeNodes([]string{node}, waitFor(order, i)).turn())
		}
	} else {
		turns = c.upgradeNodes(c.NodeIDs(), nil)
	}

	// UP5: any failure ends it there: the cluster goes back at once, if asked to, or stays as it is, with nodes told what
	// that is. When every command succeeded the way back is given up and /upgrade-audit goes.
	failed := undoing(UP5, "end the upgrade", publish{})
	if in.OnFailure == api.OnFailureRollback {
		failed = failed.by(OpDowngradeCluster)
	}
	finish := inform{all, change{UpgradeFrom: new(string), Commit: true}}
	return steps(
		// UP0: the new version's upgrade.pre_check on the nodes as they are; non-zero refuses, nothing is stopped.
		c.upgraded().preCheck(UP0, ServiceUpgrade, nil, nil),
		asks,

		turns.begins(UpgradeFailed).undo(failed),
		do(UP5, finish).undo(undoing(UP5, Words(OpUpgradeCluster, UP5), finish).succeeding(Active)),
	).ends(Active)
}

// neighbours is how many nodes before and after the one whose turn it is are waited for.
const neighbours = 8

// waitFor are the nodes that are waited for at a turn: all of them when /upgrade-audit appears, then the nodes whose turn
// was just before or comes next. The others apply the new machine's id meanwhile; addresses stay. Waiting for all at every
// turn would take time that grows with the square of the nodes.
func waitFor(order []string, turn int) []string {
	if turn == 0 {
		return order
	}
	return order[max(turn-neighbours, 0):min(turn+neighbours+1, len(order))]
}

// upgradeNodes is UP1 to UP4 for some nodes: all, or the one whose turn it is, while others are waited for.
func (c cluster) upgradeNodes(nodes, waiting []string) procedure {
	agents, others := c.AgentIDs(Only(nodes)), c.AgentIDs(Only(Difference(waiting, nodes)))
	from, sids, next := c.Version, c.sids(nodes), c.upgraded()
	return steps(
		// UP1: stop the nodes, by the version that runs on them.
		c.stage(UP1, ServiceStop, nil, nil),
		do(UP1, power{false, nodes}).about("power off nodes %s", sids),

		// UP2: start the nodes with the image of the new version.
		do(UP2, replace{machines.NewVersion, nodes}).about("new image of nodes %s", sids),

		// UP3: agent, /upgrade-audit/from_app_version, barrier.
		do(UP3, publish{change: change{UpgradeFrom: &from}}, startAgents{agents}, barrier{others}).about("start the agent of nodes %s", sids),

		// UP4: upgrade(pre), start, upgrade(post).
		next.run(UP4, ServiceUpgrade, BeforeStart, nil),
		next.stage(UP4, ServiceStart, nil, nil),
		next.run(UP4, ServiceUpgrade, AfterStart, nil),
	)
}

// downgradeCluster is "Upgrade", the way back: UP5 (here UP5b) to UP8.
func downgradeCluster(c cluster, _ api.DowngradeClusterInput) procedure {
	nodes, all := c.NodeIDs(), c.AgentIDs(nil)
	return steps(
		// UP5b: stop the cluster, each node by the version that runs on it. A failing stop does not prevent the way back: the
		// machines go off next. On those where nothing can run there is nothing to stop.
		c.mixed().stage(UP5b, ServiceStop, nil, Except(c.begun.Idle)).forced(true),
		do(UP5b, power{false, nodes}),

		// UP6: start the nodes with the image of the old version.
		do(UP6, replace{machines.PreviousVersion, nodes}, power{true, nodes}),

		// UP7: agent on all nodes, barrier. Nodes see the old version from here on.
		do(UP7, publish{change: change{UpgradeFrom: new(string)}}, startAgents{all}),

		// UP8: start by order, by the old version.
		c.stage(UP8, ServiceStart, nil, nil),
	).undo(undoing(UP7, "register the machines there are", publish{})).ends(Active)
}
