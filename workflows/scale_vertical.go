package workflows

import (
	"slices"

	. "drover/lifecycle"
	"drover/workflows/api"
)

// scaleVertical is "Scale Vertical": SV1 to SV7, of one role and its replicas.
func scaleVertical(c cluster, in api.ScaleVerticalInput) procedure {
	name := c.begun.Role // as the request says, or the only one there is
	role, _ := c.Role(name)
	size := Size{CPU: in.CPU, Memory: in.Memory, VolumeSize: in.VolumeSize}
	roles, nodes, all := c.FamilyRoles(name), IDsOf(c.Family(name)), c.AgentIDs(nil)
	scaling, none := change{VerticalScaling: &roles}, change{VerticalScaling: &[]string{}}
	scaled := change{VerticalScaling: &[]string{}, Size: &roleSize{Role: name, Size: size}}

	// SV3: which branch?
	var branch procedure
	switch {
	case !size.Resizes(role) && c.begun.GrowOnline:
		// SV2: only the volume grows: online, in parallel, no commands.
		branch = do(SV2, grow{nodes, size})
	case c.definesStop(roles):
		// SV4: stop, scale, start the nodes to be scaled: all at once, or one after the other.
		branch = c.scaleStopped(role, size, nodes)
	default:
		// SV5: no stop service: stop the nodes that are not scaled, scale, start those nodes.
		branch = c.scaleCycle(SV5, role, size, nodes, Except(nodes))
	}
	return steps(
		// SV1: set /vertical-scaling-roles. It is there before the first stop and until after the last start, and it goes
		// however the operation ends.
		do(SV1, publish{change: scaling}, barrier{all}).undo(undoing(SV1, "delete /vertical-scaling-roles", inform{all, none})),

		branch,

		// SV6: publish the new sizes and remove /vertical-scaling-roles, one revision.
		do(SV6, commit{publish{change: scaled}}).undo(undoing(SV6, Words(OpScaleVertical, SV6), inform{all, scaled})),

		// SV7: barrier.
		do(SV7, barrier{all}),
	)
}

// definesStop says whether the scaled roles have a stop service, be its command empty.
func (c cluster) definesStop(roles []string) bool {
	return slices.ContainsFunc(c.Roles, func(r RoleView) bool {
		_, ok := r.Service(ServiceStop)
		return ok && !r.NoAgent && len(r.Nodes) > 0 && slices.Contains(roles, r.Name)
	})
}

// scaleStopped is SV4 as vertical_scaling_policy says: in parallel, or node by node by sid or in the order that the
// get_nodes_order service of the role prints.
func (c cluster) scaleStopped(role RoleView, size Size, nodes []string) procedure {
	if !role.Sequential {
		return c.scaleCycle(SV4, role, size, nodes, Only(nodes))
	}
	var p procedure
	order := nodes
	if asked, ok := role.NodesOrder(EventScaleVertical); ok {
		question := nodesOrder(role, asked, EventScaleVertical, nodes)
		p = asking(SV4, Words(OpScaleVertical, SV4), question)
		order = Complete(c.answers[question.key()], nodes)
	}
	for _, node := range order {
		p = steps(p, c.taking(node).scaleCycle(SV4, role, size, []string{node}, Only(nodes)).turn())
	}
	return p
}

// nodesOrder asks the role's get_nodes_order for the order of its nodes and those of its replicas.
func nodesOrder(role RoleView, asked ServiceView, event string, nodes []string) ask {
	return ask{
		role: role.Name, service: ServiceNodesOrder, event: event, nodes: nodes, timeout: asked.Timeout,
		empty: ServiceNodesOrder + " named no node of the role; they are taken by sid",
	}
}

// scaleCycle stops services, scales machines, and starts the services again. If anything fails, the machines get the
// size they had, and the services run again.
func (c cluster) scaleCycle(id StepID, role RoleView, size Size, scaled []string, served Among) procedure {
	sids, agents := c.sids(scaled), c.AgentIDs(Only(scaled))
	return steps(
		c.stage(id, ServiceStop, nil, served),
		do(id, power{false, scaled}, resize{scaled, size}, growth(role, size, scaled), power{true, scaled}, startAgents{agents}).
			about("resize nodes %s", sids).
			undo(undoing(id, "give nodes "+sids+" the size they had",
				trying{words: "the previous size could not be restored", list: []effect{power{false, scaled}, resizeBack{scaled}}},
				power{true, scaled}, startAgents{agents}).failing(Stopped)),
		c.stage(id, ServiceStart, nil, served),
	).undo(undoing(id, "start again", c.restart(id, served)).failing(Stopped)).scoped("scale nodes " + sids)
}

// growth grows volumes, where they grow.
func growth(role RoleView, size Size, nodes []string) effect {
	if !size.Grows(role) {
		return nothing{}
	}
	return grow{nodes, size}
}
