package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// failedCommands is what an order group or a question left undone: what an operator is told, and what runs again if asked to.
type failedCommands struct {
	nodes     []api.HeldNode      // nodes on which the service did not succeed, in the group's order
	on        lifecycle.Among     // the same
	succeeded int                 // the other nodes
	ended     []string            // first ids of commands that ended: to run again, they need another id
	open      []agents.StageInput // commands that may still run, or may yet begin: their nodes did not answer
	killed    bool                // an operator ended commands of it
}

// undecided says of a failure that it may yet become a success: commands began whose outcome is unknown, or may still run.
// Neither continuing nor undoing is safe then before a node is heard, or an operator has examined it.
func (f failedCommands) undecided(err error) bool { return len(f.open) > 0 || unknown(err) }

// undecidedError is the failure of an effect whose commands are undecided.
type undecidedError struct {
	error
	left failedCommands
}

func (e undecidedError) Unwrap() error { return e.error }

// commands runs one order group: all of its nodes at the same time (S2), to the end on every node (S6).
func (p *performer) commands(ctx workflow.Context, at lifecycle.StepID, words string, g group) (failedCommands, error) {
	limit := seconds(g.Timeout())
	in := agents.StageInput{
		ClusterID: p.clusterID, RunID: p.runID, Seq: p.seq, Step: string(at), Service: g.service, Kind: g.kind, Params: g.params, Prints: g.prints,
	}
	running := p.runs(p.attempt(in, g.NodeIDs()), words, labelsOf(g.Group))
	batches := runBatches(p, ctx, g.NodeIDs(), withResult(doAgents.RunStage), func(nodes []string) (workflow.ActivityOptions, agents.StageInput) {
		return long(fmt.Sprintf("%s on %d nodes", words, len(nodes)), limit), p.attempt(in, nodes)
	})
	for _, b := range batches {
		p.endCommands(ctx, words, p.attempt(in, b.nodes), b.err)
	}
	left := failuresOf(in, g.Group, batches)
	if open := mayRun(batches); len(open) > 0 && ctx.Err() == nil {
		left.open = []agents.StageInput{p.attempt(in, open)}
	}
	left.killed = p.ran(ctx, running, left)
	return left, running.fault(stageFault(p.clusterID, g.service, batches))
}

// ask runs a command that prints node ids.
func (p *performer) ask(ctx workflow.Context, at lifecycle.StepID, a ask) ([]string, failedCommands, error) {
	asked := string(at) + " " + a.key() // once a step
	in := agents.AskInput{
		ClusterID: p.clusterID, RunID: p.runID, Seq: p.seq, Step: string(at), Role: a.role, Service: a.service, Selector: a.selector, Event: a.event, Nodes: a.nodes,
		Attempt: p.attempts[asked],
	}
	running := p.runs(in.Command(), a.service, map[string]string{})
	for _, id := range running.in.Nodes {
		running.labels[id] = id
	}
	ids, err := call(p, ctx, long(a.service+" names nodes", seconds(a.timeout)), doAgents.AskNodes, in)
	p.endCommands(ctx, a.service, in.Command(), err)
	var left failedCommands
	switch {
	case err == nil:
	case commandFailed(err) || unknown(err):
		left.ended = []string{asked} // to be asked again, it needs another id
	case mayRunAfter(err) && ctx.Err() == nil:
		left.open = []agents.StageInput{in.Command()}
	}
	if err == nil && len(ids) == 0 && a.empty != "" {
		p.progress.warn(api.Warning{Step: string(at), Message: a.empty})
	}
	left.killed = p.ran(ctx, running, left)
	return ids, left, running.fault(err)
}

// endCommands ends the commands of an activity that a cancel ended and that could not do it: a worker that dies about then
// takes the cancel with it, for the server neither retries what is cancelled nor gives it to another worker.
func (p *performer) endCommands(ctx workflow.Context, words string, in agents.StageInput, err error) {
	if ctx.Err() == nil || !temporal.IsCanceledError(err) || commandsEnded(err) {
		return
	}
	ctx, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	o := stopping(fmt.Sprintf("end %s on %d nodes", words, len(in.Nodes)))
	if err := run(p, ctx, o, doAgents.EndCommands, in); err != nil {
		p.open = append(p.open, in)
	}
}

func commandsEnded(err error) bool {
	var cancelled *temporal.CanceledError
	var what string
	return errors.As(err, &cancelled) && cancelled.HasDetails() && cancelled.Details(&what) == nil && what == agents.CommandsEnded
}

// leaveOpen notes commands that may run on when the operation leaves their step.
func (p *performer) leaveOpen(left failedCommands) { p.open = append(p.open, left.open...) }

// openNodes are the nodes of such commands.
func openNodes(open []agents.StageInput) []string {
	var nodes []string
	for _, in := range open {
		nodes = append(nodes, in.Nodes...)
	}
	return nodes
}

// mayRunAfter reports whether commands may run on although their activity failed: it gave no answer, or could not reach
// what it needed. A fault of another kind says that nothing was begun.
func mayRunAfter(err error) bool {
	switch faultOf(err).Type {
	case fault.Unreachable, fault.NotFound, fault.Unauthorized, fault.HostKeyChanged:
		return true
	}
	return false
}

// mayRun are the nodes that did not say that their command ended.
func mayRun(batches []batch[agents.StageResult]) []string {
	var nodes []string
	for _, b := range batches {
		for i, node := range b.nodes {
			if b.err != nil && mayRunAfter(b.err) || b.err == nil && i < len(b.result.Outcomes) && b.result.Outcomes[i] == agentapi.OutcomeOpen {
				nodes = append(nodes, node)
			}
		}
	}
	return nodes
}

// failuresOf reads what became of a group's nodes. Nodes whose activity gave no answer count as open: their command may
// not have begun or may still run, and doing the step again attaches to it.
func failuresOf(in agents.StageInput, g lifecycle.Group, batches []batch[agents.StageResult]) failedCommands {
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
	f := failedCommands{on: func(n lifecycle.NodeRef) bool { return outcomes[n.ID] != agentapi.OutcomeSucceeded }}
	for _, run := range g.Runs {
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
func (p *performer) again(left failedCommands) {
	if p.attempts == nil {
		p.attempts = map[string]int{}
	}
	for _, id := range left.ended {
		p.attempts[id]++
	}
}

// attempt is the input for some nodes of a group, with the attempts their commands are at.
func (p *performer) attempt(in agents.StageInput, nodes []string) agents.StageInput {
	first := in // without attempts
	in.Nodes = nodes
	for _, node := range nodes {
		if n := p.attempts[agents.CommandID(first, node)]; n > 0 {
			if in.Attempts == nil {
				in.Attempts = map[string]int{}
			}
			in.Attempts[node] = n
		}
	}
	return in
}

// stageFault is the first activity that gave no answer, or the failures of a group's nodes as one; nil when every node
// succeeded.
func stageFault(clusterID, service string, batches []batch[agents.StageResult]) error {
	var failures []agents.NodeFailure
	failed := 0
	for _, b := range batches {
		if b.err != nil {
			return b.err
		}
		failed += b.result.Failed
		failures = append(failures, b.result.Failures...)
	}
	if failed == 0 {
		return nil
	}
	slices.SortStableFunc(failures, agents.UnknownFirst)
	first := failures[0]
	f := fault.New(first.Type, "%s", first.Message).At(clusterID, first.NodeID, service)
	f.Retryable, f.ExitCode, f.Output = false, first.ExitCode, first.Output
	if failed > 1 {
		f.Message = fmt.Sprintf("%d nodes failed; %s", failed, first.Message)
		for _, other := range failures {
			f.Problems = append(f.Problems, other.Message)
		}
	}
	return f
}

// seconds is a package's timeout as a duration.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
