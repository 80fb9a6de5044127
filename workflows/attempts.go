package workflows

import (
	"drover/activities/agents"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/workflows/api"
)

// failedGroup is what an order group left undone.
type failedGroup struct {
	on        lifecycle.Among // the nodes on which the service did not succeed
	nodes     []api.HeldNode  // the same, in the group's order
	succeeded int             // the other nodes
	ended     []string        // first ids of commands that ended: to run again, they need another id
}

// failuresOf reads what became of a group's nodes. Nodes whose activity gave no answer count as open: their command may
// not have begun or may still run, and doing the step again attaches to it.
func (op *operation) failuresOf(in agents.StageInput, group lifecycle.Group, batches []batch[agents.StageResult]) failedGroup {
	outcomes := map[string]agentapi.Outcome{}
	for _, b := range batches {
		for i, node := range b.nodes {
			switch {
			case b.err != nil:
				outcomes[node] = agentapi.OutcomeOpen
			case i < len(b.result.Outcomes):
				outcomes[node] = b.result.Outcomes[i]
			default:
				outcomes[node] = agentapi.OutcomeSucceeded
			}
		}
	}
	f := failedGroup{on: func(n lifecycle.NodeRef) bool { return outcomes[n.ID] != agentapi.OutcomeSucceeded }}
	for _, run := range group.Runs {
		for _, n := range run.Nodes {
			held := api.HeldNode{Node: lifecycle.Label(run.Role, n.SID) + " " + n.ID, Outcome: outcomes[n.ID]}
			if held.Outcome == agentapi.OutcomeSucceeded {
				f.succeeded++
				continue
			}
			if held.Outcome != agentapi.OutcomeOpen {
				f.ended = append(f.ended, agents.CommandID(in, n.ID))
			}
			f.nodes = append(f.nodes, held)
		}
	}
	return f
}

// again lets commands that ended without success run again: an operator has decided so.
func (op *operation) again() {
	if op.attempts == nil {
		op.attempts = map[string]int{}
	}
	for _, id := range op.failed.ended {
		op.attempts[id]++
	}
}

// attempt is the input for some nodes of a group, with the attempts their commands are at.
func (op *operation) attempt(in agents.StageInput, nodes []string) agents.StageInput {
	first := in // without attempts
	in.Nodes = nodes
	for _, node := range nodes {
		if n := op.attempts[agents.CommandID(first, node)]; n > 0 {
			if in.Attempts == nil {
				in.Attempts = map[string]int{}
			}
			in.Attempts[node] = n
		}
	}
	return in
}
