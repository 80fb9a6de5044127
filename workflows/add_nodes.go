package workflows

import (
	. "drover/lifecycle"
	"drover/workflows/api"
)

// addNodes is "Add Node": AN0 to AN7. The control record knows the new nodes already; nothing else does.
func addNodes(c cluster, _ api.AddNodesInput) procedure {
	added := c.begun.Added
	isNew, isOld := Only(added), Except(added)
	newAgents, oldAgents, all := c.AgentIDs(isNew), c.AgentIDs(isOld), c.AgentIDs(nil)
	adding, none := change{Adding: &added}, change{Adding: &[]string{}}
	removed := change{Adding: &[]string{}, Remove: added}

	return steps(
		// AN0: scale_out.pre_check on existing nodes; non-zero refuses, nothing is created.
		c.preCheck(AN0, ServiceScaleOut, nil, isOld),

		// AN1: resources for the new nodes.
		do(AN1, provision{added}).undo(undoing(AN1, "release the resources of the new nodes", release{added})),

		// AN2: register them in /hosts and /adding-hosts, one revision.
		do(AN2, publish{change: adding}),

		// AN3: barrier on the existing nodes.
		do(AN3, barrier{oldAgents}),

		// AN4: agent on the new nodes, barrier on them.
		do(AN4, startAgents{newAgents}),

		// AN5: init(pre), custom_metadata, start, init(post) on new nodes only.
		c.initAndStart(AN5, isNew),

		// From here on the new nodes hold data: they stay, whatever happens. Only /adding-hosts goes.
		steps(
			// AN6: scale_out on existing nodes of every role that defines it.
			c.run(AN6, ServiceScaleOut, nil, isOld),

			// AN7: remove /adding-hosts; barrier on all.
			do(AN7, commit{publish{change: none}}, barrier{all}),
		).staysFromHere(undoing(AN7, "delete the content of /adding-hosts", inform{all, none})),
	).undo(undoing(AN2, "remove the new nodes from metadata", inform{oldAgents, removed}))
}
