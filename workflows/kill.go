package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// killable are the commands of one order group or question: those that run now, or may run while their step is held.
type killable struct {
	in       agents.StageInput
	words    string
	labels   map[string]string // of the nodes, by id
	killed   []string          // notes of the kills so far
	underWay int               // kills that have not ended
}

// runs makes commands those that an operator may kill.
func (p *performer) runs(in agents.StageInput, words string, labels map[string]string) *killable {
	p.kill = &killable{in: in, words: words, labels: labels}
	return p.kill
}

// ran is what becomes of commands whose activities have ended: those that may still run stay killable while their step is
// held. It reports whether an operator killed some.
func (p *performer) ran(ctx workflow.Context, k *killable, left failedCommands) bool {
	k.settle(ctx)
	if p.kill = nil; len(left.open) > 0 {
		p.kill = k
		k.in = left.open[0]
	}
	return len(k.killed) > 0
}

// fault adds to the failure of commands who killed them.
func (k *killable) fault(err error) error {
	if err == nil || len(k.killed) == 0 || temporal.IsCanceledError(err) {
		return err
	}
	f := *faultOf(err)
	f.Message += "; " + strings.Join(k.killed, "; ")
	return &f
}

// settle waits for kills that are under way, so that what follows a command begins after its end.
func (k *killable) settle(ctx workflow.Context) {
	_ = workflow.Await(ctx, func() bool { return k.underWay == 0 }) // a cancel ends the wait, and the commands by itself
}

// mayKill refuses where no command of a step runs.
func (h *holder) mayKill(r api.Resolution) error {
	op, k := h.op, h.op.performer.kill
	if k == nil {
		return fault.New(fault.NotAllowed, "no command of %s of %s runs: %s", op.name, op.clusterID, op.progress.now()).
			At(op.clusterID, "", "").WithHint("nothing was changed; drover status %s shows what the operation waits for", op.clusterID)
	}
	if whole := k.in.Step + " " + k.words; r.Step != "" && r.Step != k.in.Step && r.Step != whole {
		return fault.New(fault.Conflict, "%s runs, not %s", whole, r.Step).At(op.clusterID, "", "").
			WithHint("nothing was changed; drover status %s shows what runs", op.clusterID)
	}
	for _, n := range r.Nodes {
		if !slices.Contains(k.in.Nodes, n) {
			return fault.New(fault.Invalid, "node %s runs no command of %s %s", n, k.in.Step, k.words).At(op.clusterID, n, k.in.Service).
				WithHint("its nodes: %s", k.names(k.in.Nodes))
		}
	}
	return nil
}

// kill ends commands, and records who did. The activity that waits for them sees their end as that of any command.
func (h *holder) kill(ctx workflow.Context, r api.Resolution) (api.Resolved, error) {
	op, k := h.op, h.op.performer.kill
	in := k.in
	if len(r.Nodes) > 0 {
		in.Nodes = r.Nodes
	}
	k.underWay++
	defer func() { k.underWay-- }()
	note := "killed by " + operatorOf(r.By) + " at " + workflow.Now(ctx).UTC().Format(time.RFC3339)
	if reason := strings.TrimSpace(r.Reason); reason != "" {
		note += ": " + reason
	}
	out := api.Resolved{Step: in.Step, Words: k.words, Action: r.Action}
	err := inBatches(op.performer, ctx, in.Nodes, withResult(doAgents.KillCommands), func(nodes []string) (workflow.ActivityOptions, agents.KillInput) {
		of := in
		of.Nodes = nodes
		return stopping(fmt.Sprintf("end %s on %d nodes, for %s", k.words, len(nodes), operatorOf(r.By))), agents.KillInput{StageInput: of, By: r.By}
	}, func(killed agents.KillResult) {
		out.Killed, out.Silent = append(out.Killed, killed.Killed...), append(out.Silent, killed.Silent...)
	})
	if err != nil {
		return api.Resolved{}, wire(faultOf(err))
	}
	if len(out.Killed) == 0 {
		out.Next = "no command was running on the nodes that answered"
	} else {
		on := k.names(out.Killed)
		k.killed = append(k.killed, note)
		op.progress.warn(api.Warning{Step: in.Step, Message: k.words + " " + note + " (on " + on + ")"})
		out.Next = k.words + " was ended on " + on + "; its failure is held: retry, skip or abort it"
	}
	if len(out.Silent) > 0 {
		out.Next += "; no answer of " + k.names(out.Silent) + ", where it may still run"
	}
	return out, nil
}

// killing is the choice to kill commands that may still run while their step is held.
func (h *holder) killing(left failedCommands) []api.Choice {
	if len(left.open) == 0 {
		return nil
	}
	return []api.Choice{h.choose(api.ResolveKill, "end the command where it still runs; the step stays held, and a retry finds its end", killFlag)}
}

const killFlag = " --kill"

// names are the nodes as people know them, at most heldNodes of them.
func (k *killable) names(ids []string) string {
	var names []string
	for _, id := range ids[:min(len(ids), heldNodes)] {
		names = append(names, k.labels[id])
	}
	if more := len(ids) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// labelsOf are the names of a group's nodes.
func labelsOf(g lifecycle.Group) map[string]string {
	labels := map[string]string{}
	for _, run := range g.Runs {
		for _, n := range run.Nodes {
			labels[n.ID] = lifecycle.Label(run.Role, n.SID)
		}
	}
	return labels
}

// operatorOf is the user who decided.
func operatorOf(by string) string {
	if by == "" {
		return "an operator"
	}
	return by
}
