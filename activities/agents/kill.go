package agents

import (
	"context"

	"drover/activities/internal/attempt"
	"drover/activities/internal/fanout"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

// KillInput names commands that an operator ends.
type KillInput struct {
	StageInput
	// By is who asked for it, for the worker's log.
	By string `json:"by,omitempty"`
}

// KillResult says what became of the commands, by the ids of their nodes.
type KillResult struct {
	// Killed are those that ran and were ended; Silent those that may run on, since their node does not answer.
	Killed []string `json:"killed,omitempty"`
	Silent []string `json:"silent,omitempty"`
}

// KillCommands ends the commands of a group that still run, each with its process group, because an operator said so. The
// journal of the node knows which run: what has ended stays as it ended, and what has not begun is not begun by this.
func (a *Activities) KillCommands(ctx context.Context, in KillInput) (KillResult, error) {
	rec, err := a.current(ctx, in.ClusterID, in.RunID)
	if err != nil {
		return KillResult{}, err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	power := a.machinesOf(rec)
	var out KillResult
	for _, r := range fanout.Run(working, rec.NamedNodes(in.Nodes), 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (agentapi.CommandStatus, error) {
		progress.Line("ending " + CommandID(in.StageInput, n.ID))
		ctx, stop := context.WithTimeout(ctx, endWithin)
		defer stop()
		return a.Agents.Cancel(ctx, n, CommandID(in.StageInput, n.ID))
	}) {
		switch {
		case r.Err == nil && r.Value.Canceled:
			out.Killed = append(out.Killed, r.Node.ID)
		case r.Err != nil && !fault.Is(r.Err, fault.NotFound) && !power.runsNothing(ctx, r.Node):
			out.Silent = append(out.Silent, r.Node.ID)
		}
	}
	if working.Err() != nil {
		return KillResult{}, fault.Wrap(context.Cause(working), fault.Unreachable, "interrupted while ending commands")
	}
	a.Logger.Info("commands ended by an operator", "cluster", rec.ClusterID, "step", in.Step, "service", in.Service, "by", in.By,
		"killed", len(out.Killed), "silent", len(out.Silent))
	return out, nil
}
