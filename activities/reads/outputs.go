package reads

import (
	"context"

	"drover/activities/internal/bounds"
	"drover/activities/internal/fanout"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/workflows/api"
)

// readOutputs adds the commands with a part of their output each, as much of it as the answer has room for. A command of
// which nothing is new is left out while it runs.
func (a *Activities) readOutputs(ctx context.Context, rec *lifecycle.Record, found []listed, in api.ReadLogsInput, out *api.Logs) {
	var nodes []lifecycle.Node
	byNode := map[string][]int{}
	for i, c := range found {
		if byNode[c.node.ID] == nil {
			nodes = append(nodes, c.node)
		}
		byNode[c.node.ID] = append(byNode[c.node.ID], i)
	}
	limit := min(max(logBytes/max(len(found), 1), leastLogText), agentapi.OutputLimit)
	logs := make([]*api.CommandLog, len(found)) // each element has one writer
	for _, r := range fanout.Run(ctx, nodes, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (struct{}, error) {
		secrets := rec.Secrets(&n)
		for _, i := range byNode[n.ID] {
			read, err := a.readOutput(ctx, found[i], in, limit)
			if err != nil {
				return struct{}{}, err
			}
			logs[i] = logOf(found[i], read, secrets)
		}
		return struct{}{}, nil
	}) {
		if r.Err != nil {
			out.Silent = append(out.Silent, silent(r.Node, r.Err))
		}
	}
	for _, log := range logs {
		if log == nil {
			continue
		}
		out.More = out.More || log.Next < log.Size && log.Next > log.From
		if _, known := in.From[log.ID]; !known || log.Next > log.From || log.State != agentapi.StateRunning {
			out.Commands = append(out.Commands, *log)
		}
	}
}

func (a *Activities) readOutput(ctx context.Context, c listed, in api.ReadLogsInput, limit int) (agentapi.CommandOutput, error) {
	ctx, stop := context.WithTimeout(ctx, askAgents)
	defer stop()
	from, known := in.From[c.entry.ID]
	if !known {
		from = -int64(in.Tail) // 0 is the beginning
	}
	return a.Agents.Output(ctx, c.node, c.entry.ID, from, limit)
}

func logOf(c listed, read agentapi.CommandOutput, secrets []string) *api.CommandLog {
	return &api.CommandLog{
		ID: c.entry.ID, Node: c.node.Label(), NodeID: c.node.ID, Run: c.says.Run, Step: c.says.Step, Service: c.says.Service,
		PreCheck: c.says.PreCheck, Again: c.says.Again, State: c.entry.State, ExitCode: c.entry.ExitCode, TimedOut: c.entry.TimedOut,
		Canceled: c.entry.Canceled, StartedAt: c.entry.StartedAt, EndedAt: c.entry.EndedAt, Detail: c.entry.Detail,
		Output: lifecycle.RedactPart(read.Before, read.Text, append(lifecycle.Spelled(read.Secrets), secrets...)),
		From:   read.From, Next: read.Next, Size: read.Size,
	}
}

// silent says why a node's journal could not be read.
func silent(n lifecycle.Node, err error) api.SilentNode {
	return api.SilentNode{Node: n.Label(), NodeID: n.ID, Why: bounds.Reason(err)}
}
