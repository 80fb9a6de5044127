package workflows

import (
	. "drover/lifecycle"
	"drover/workflows/api"
)

// deleteNodes is "Delete Node": DN1 to DN12. DN0, the permission, was checked when the operation began.
func deleteNodes(c cluster, in api.DeleteNodesInput) procedure {
	targets := in.Nodes
	leaving, remaining := Only(targets), Except(targets)
	all, stay := c.AgentIDs(nil), c.AgentIDs(remaining)
	deleting, none := change{Deleting: &targets}, change{Deleting: &[]string{}}
	dropped := change{Deleting: &[]string{}, Remove: targets}
	branch := c.leaveBranch(leaving)

	return steps(
		// DN1: register the targets in /deleting-hosts; they stay in /hosts. However the operation ends, it is empty again.
		do(DN1, publish{change: deleting}).undo(undoing(DN1, "delete the content of /deleting-hosts", inform{all, none})),

		// DN2: barrier on all nodes, leaving ones too.
		do(DN2, barrier{all}),

		// DN2b: scale_in.pre_check on remaining nodes.
		c.preCheck(DN2b, ServiceScaleIn, nil, remaining),

		// DN7: destroy(pre) on leaving nodes. DN8: a refusal ends it with nothing stopped, unless forced.
		c.guard(DN7, BeforeStop, leaving, in.Force),

		// DN4, DN6, DN9: scale_in on remaining nodes of every role that defines it. A failure always prevents the release.
		c.run(branch, ServiceScaleIn, nil, remaining),

		// DN4, DN6, DN9: stop on leaving nodes. Should they stay all the same, they are started again.
		c.stage(branch, ServiceStop, nil, leaving).forced(in.Force).staysFromHere(
			undoing(DN1, "delete the content of /deleting-hosts, start the nodes again",
				inform{all, none}, c.restart(branch, leaving)).failing(Stopped)),

		// DN6: destroy(post) on leaving nodes.
		c.guard(DN6, AfterStop, leaving, in.Force),

		// DN10: release the leaving nodes' resources. From here on they leave, whatever happens.
		do(DN10, release{targets}).undo(undoing(DN11, Words(OpDeleteNodes, DN11), inform{stay, dropped})),

		// DN11: drop them from /hosts and /deleting-hosts, one revision.
		do(DN11, commit{publish{change: dropped}}),

		// DN12: barrier on the remaining nodes.
		do(DN12, barrier{stay}),
	)
}

// leaveBranch is DN3 and DN5: the step under which scale_in and stop run. Where roles of leaving nodes differ, it is the
// branch of the first guard there is.
func (c cluster) leaveBranch(leaving Among) StepID {
	switch {
	case c.runs(ServiceDestroy, BeforeStop, leaving):
		return DN9
	case c.runs(ServiceDestroy, AfterStop, leaving):
		return DN6
	}
	return DN4
}
