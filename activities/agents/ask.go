package agents

import (
	"context"
	"regexp"
	"slices"

	"go.temporal.io/sdk/temporal"

	"drover/activities/internal/attempt"
	"drover/activities/internal/fanout"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

// AskInput names a command of a role that prints node ids: the selector of a service, or get_nodes_order.
type AskInput struct {
	ClusterID string `json:"cluster_id"`
	RunID     string `json:"run_id"`
	Seq       int    `json:"seq"`
	Step      string `json:"step"`
	Role      string `json:"role"`
	Service   string `json:"service"`
	// Selector runs the service's selector in place of its command.
	Selector bool `json:"selector,omitempty"`
	// Event is the argument get_nodes_order gets: what the order is for.
	Event string `json:"event,omitempty"`
	// Nodes are the nodes the answer may name; the first of them is asked.
	Nodes []string `json:"nodes"`
	// Attempt counts the commands of this step that ended without success and that an operator decided to run again.
	Attempt int `json:"attempt,omitempty"`
}

// Command is what is asked as the stage that ends it knows it.
func (in AskInput) Command() StageInput {
	command := StageInput{ClusterID: in.ClusterID, RunID: in.RunID, Seq: in.Seq, Step: in.Step, Service: in.Service, Nodes: in.Nodes, Attempts: map[string]int{}}
	if in.Selector {
		command.Service += " selector"
	}
	for _, node := range in.Nodes {
		command.Attempts[node] = in.Attempt
	}
	return command
}

var nodeID = regexp.MustCompile(`\bcln-[a-z0-9]{8}\b`)

// AskNodes runs the command on the first node and returns the ids it printed, in their order, without others and
// without repetition. A selector that names no node is a failure: there is no default.
func (a *Activities) AskNodes(ctx context.Context, in AskInput) ([]string, error) {
	rec, err := a.current(ctx, in.ClusterID, in.RunID)
	if err != nil {
		return nil, err
	}
	working, stop := attempt.UntilStopping(ctx)
	defer stop()
	service, ok := lifecycle.RoleSpec(rec.Spec, in.Role, in.Service)
	asked := rec.NamedNodes(in.Nodes)
	if !ok || len(asked) == 0 {
		return nil, fault.New(fault.Internal, "role %q has no node to run %s on", in.Role, in.Service)
	}
	cmd := agentapi.Command{Run: in.RunID, Cmd: service.Cmd, TimeoutSec: service.Timeout, Label: asked[0].Label() + " " + in.Service, Stdout: true}
	if in.Selector {
		cmd.Cmd = service.Selector
	}
	if in.Event != "" {
		cmd.Cmd += " " + in.Event
	}
	what, id := in.Command().Service, CommandID(in.Command(), asked[0].ID)
	secrets := rec.Secrets(&asked[0])
	power := a.machinesOf(rec)
	results := fanout.Run(working, asked[:1], 0, func(ctx context.Context, n lifecycle.Node, progress fanout.Progress) (agentapi.CommandStatus, error) {
		progress.Command(id)
		return a.Agents.Run(ctx, n, id, cmd, agentapi.Watch{
			MayBegin: a.Attempt.MayBegin(progress),
			Progress: func(st agentapi.CommandStatus) { progress.Line(lifecycle.RedactCut(st.Progress(), secrets)) },
			Silent:   power.boot(n, progress),
		})
	})
	if working.Err() != nil {
		if attempt.Canceled(ctx) {
			if a.cancelAll(ctx, rec, results, func(string) string { return id }) {
				return nil, temporal.NewCanceledError(CommandsEnded)
			}
			return nil, ctx.Err()
		}
		return nil, fault.Wrap(context.Cause(working), fault.Unreachable, "%s continues on its node", what)
	}
	stage := StageInput{ClusterID: in.ClusterID, Service: what}
	if failure, outcome := a.failureOf(rec, stage, results[0]); outcome != agentapi.OutcomeSucceeded {
		f := fault.New(failure.Type, "%s", failure.Message).At(in.ClusterID, failure.NodeID, in.Service)
		f.Retryable, f.ExitCode, f.Output = false, failure.ExitCode, failure.Output
		return nil, f
	}
	var ids []string
	for _, id := range nodeID.FindAllString(results[0].Value.Stdout, -1) {
		if slices.Contains(in.Nodes, id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 && in.Selector {
		return nil, fault.New(fault.CommandFailed, "%s on %s named no node", what, asked[0].Label()).At(in.ClusterID, asked[0].ID, in.Service)
	}
	return ids, nil
}
