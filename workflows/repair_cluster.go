package workflows

import (
	"drover/activities/machines"
	. "drover/lifecycle"
	"drover/workflows/api"
)

// repairCluster is RP1 to RP5: it makes a cluster what its control record says again, without a stop. Each step finds done
// what is as it should be, and stays done.
func repairCluster(c cluster, in api.RepairClusterInput) procedure {
	named, all := Only(in.Nodes), c.AgentIDs(nil)

	// RP1, RP2: the machines of the named nodes are taken as they are, or made where the provider has none, and booted.
	// Others are left: a machine that was off would run without its services. Those of a stopped cluster go off again.
	var taken procedure
	if len(in.Nodes) > 0 {
		sids := c.sids(in.Nodes)
		words, made := "boot nodes "+sids, do(RP1, provision{in.Nodes}).about("take or make the machines of nodes %s", sids)
		if in.Replace {
			made = do(RP1, replace{machines.OtherMachine, in.Nodes}).about("other machines for nodes %s", sids)
		}
		if c.PoweredOff {
			words = "power off nodes " + sids + ": the cluster was stopped"
		}
		taken = steps(
			made,
			do(RP2, power{!c.PoweredOff, in.Nodes}).about("%s", words),
		).undo(undoing(RP3, "publish the machines as they are now", publishWhole{}))
	}

	// RP3: everything that nodes see, over what anything else wrote there.
	seen := do(RP3, commit{publishWhole{}})
	if c.PoweredOff {
		return steps(taken, seen, skip(RP4, "start the agent on all nodes", "the machines are off"))
	}

	// RP4: agents; commands that run there without an operation are ended.
	agents := do(RP4, startAgents{all}, endStrays{all})
	if len(in.Nodes) == 0 || c.State != Active {
		return steps(taken, seen, agents)
	}

	// RP5: start, where machines were taken or made. Until then it is not known whether all services run; nodes that are healed did
	// not run theirs before.
	p := steps(taken, seen, agents, c.stage(RP5, ServiceStart, nil, named))
	if in.Healing.Healing {
		return p
	}
	return p.begins(Stopped).ends(Active)
}
