package reads

import (
	"cmp"
	"context"
	"slices"
	"time"

	"drover/activities/internal/fanout"
	"drover/activities/internal/ids"
	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// Bounds of one answer, which is stored in Temporal: so many commands, and bytes of output of all of them and of one.
const (
	maxLogs      = 500
	logBytes     = 192 << 10
	leastLogText = 512
)

// logPause is the time between two looks for something new.
const logPause = time.Second

// ReadLogs reads the output of commands from the journals of nodes. A node that does not respond is listed as silent.
func (a *Activities) ReadLogs(ctx context.Context, in api.ReadLogsInput) (api.Logs, error) {
	deadline := time.Now().Add(time.Duration(min(in.WaitSec, api.MaxLogWait)) * time.Second)
	for {
		rec, _, err := a.Records.Record(ctx, in.ClusterID)
		if err != nil {
			return api.Logs{}, err
		}
		nodes, err := wanted(rec, in.Nodes)
		if err != nil {
			return api.Logs{}, err
		}
		logs := a.readLogs(ctx, rec, nodes, in)
		if len(logs.Commands) > 0 || !logs.Running || !time.Now().Before(deadline) {
			return logs, nil
		}
		select {
		case <-time.After(logPause):
		case <-ctx.Done():
			return logs, ctx.Err()
		}
	}
}

// wanted are the named nodes, or all.
func wanted(rec *lifecycle.Record, named []string) ([]lifecycle.Node, error) {
	if len(named) == 0 {
		return rec.Nodes, nil
	}
	for _, id := range named {
		if _, ok := rec.Node(id); !ok {
			return nil, fault.New(fault.NotFound, "cluster %s has no node %s", rec.ClusterID, id).
				WithHint("list the nodes with: drover nodes %s", rec.ClusterID)
		}
	}
	return rec.NamedNodes(named), nil
}

// listed is a command as a node's journal lists it.
type listed struct {
	node  lifecycle.Node
	entry agentapi.CommandEntry
	says  ids.Command
}

func (a *Activities) readLogs(ctx context.Context, rec *lifecycle.Record, nodes []lifecycle.Node, in api.ReadLogsInput) api.Logs {
	out := api.Logs{ClusterID: rec.ClusterID, Operation: in.Operation, Commands: []api.CommandLog{}}
	runs := rec.Operation.State == api.OpRunning
	if out.Operation == 0 && runs {
		out.Operation = rec.Operation.Seq
	}
	found := a.listCommands(ctx, nodes, rec, in, &out)
	if out.Operation == 0 {
		for _, c := range found {
			out.Operation = max(out.Operation, c.says.Operation)
		}
	}
	out.Running = runs && rec.Operation.Seq == out.Operation
	found = slices.DeleteFunc(found, func(c listed) bool {
		return c.says.Operation != out.Operation || in.From[c.entry.ID] == api.LogRead
	})
	slices.SortFunc(found, func(x, y listed) int {
		return cmp.Or(cmp.Compare(x.entry.StartedAt, y.entry.StartedAt), cmp.Compare(x.entry.ID, y.entry.ID))
	})
	if len(found) > maxLogs {
		found, out.More = found[:maxLogs], true
	}
	a.readOutputs(ctx, rec, found, in, &out)
	return out
}

// listCommands asks all nodes at once.
func (a *Activities) listCommands(ctx context.Context, nodes []lifecycle.Node, rec *lifecycle.Record, in api.ReadLogsInput, out *api.Logs) []listed {
	var found []listed
	pattern := ids.OfOperation(rec.ClusterID, out.Operation, in.Step)
	for _, r := range fanout.Run(ctx, nodes, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.CommandList, error) {
		if n.SSH.Addr == "" {
			return agentapi.CommandList{}, errNoMachine
		}
		ctx, stop := context.WithTimeout(ctx, askAgents)
		defer stop()
		return a.Agents.List(ctx, n, pattern, agentapi.ListLimit)
	}) {
		if r.Err != nil {
			out.Silent = append(out.Silent, silent(r.Node, r.Err))
			continue
		}
		for _, entry := range r.Value.Commands {
			if says, ok := ids.ParseCommand(entry.ID); ok && says.Operation > 0 {
				found = append(found, listed{r.Node, entry, says})
			}
		}
	}
	return found
}
