package workflows

import (
	"drover/activities/machines"
	. "drover/lifecycle"
	"drover/workflows/api"
)

// startCluster is ST1 to ST3.
func startCluster(c cluster, _ api.StartClusterInput) procedure {
	nodes, all := c.NodeIDs(), c.AgentIDs(nil)

	// ST1: boot. Nodes whose role has no user_access get a fresh root disk, and with it a new machine. A machine that runs
	// stays as it is, also one the operation before left running.
	boot := do(ST1, power{true, nodes}, powered{off: false})
	if c.PoweredOff {
		boot = do(ST1, replace{machines.FreshRoot, nodes}, power{true, nodes}, powered{off: false})
	}
	return steps(
		boot.undo(undoing(ST2, "register the machines there are", publish{})),

		// ST2: the machines' new ids and host keys, agent on all nodes, barrier.
		do(ST2, commit{publish{}}, startAgents{all}),

		// ST3: start by order.
		c.stage(ST3, ServiceStart, nil, nil),
	).ends(Active)
}

// stopCluster is SP1 and SP2.
func stopCluster(c cluster, _ api.StopClusterInput) procedure {
	return steps(
		// SP1: stop by order.
		c.stage(SP1, ServiceStop, nil, nil).begins(Stopped),

		// SP2: power off.
		do(SP2, powered{off: true}, power{false, c.NodeIDs()}).begins(Stopped),
	)
}

// restartCluster is RS1 to RS3: restart of the roles that define it; stop, then start, of the others. Until RS3 has ended
// it is not known whether all services run; nodes that are healed did not run theirs before.
func restartCluster(c cluster, in api.RestartClusterInput) procedure {
	named := Only(in.Nodes)
	roles := func(restarts bool) Among {
		of := c.Among(func(r RoleView) bool {
			_, defined := r.Service(ServiceRestart)
			return defined == restarts && (in.Role == nil || r.Master() == *in.Role || r.Name == *in.Role)
		})
		return func(n NodeRef) bool { return of(n) && (len(in.Nodes) == 0 || named(n)) }
	}
	p := steps(
		c.stage(RS1, ServiceRestart, nil, roles(true)),
		c.stage(RS2, ServiceStop, nil, roles(false)),
		c.stage(RS3, ServiceStart, nil, roles(false)),
	)
	if in.Healing.Healing {
		return p
	}
	return p.begins(Stopped).ends(Active)
}
