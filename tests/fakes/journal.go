package fakes

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

// List gives the commands of a node's journal whose ids match.
func (a *Agents) List(_ context.Context, n lifecycle.Node, match string, limit int) (agentapi.CommandList, error) {
	if _, err := a.answering(n); err != nil {
		return agentapi.CommandList{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var out agentapi.CommandList
	for key, c := range a.journal {
		if is, _ := path.Match(match, key.id); is && key.node == n.ID {
			out.Commands = append(out.Commands, c.entry(key.id))
		}
	}
	slices.SortFunc(out.Commands, func(x, y agentapi.CommandEntry) int { return strings.Compare(x.ID, y.ID) })
	if len(out.Commands) > limit {
		out.Commands, out.More = out.Commands[:limit], true
	}
	return out, nil
}

func (c *command) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *command) entry(id string) agentapi.CommandEntry {
	if !c.ended() {
		return agentapi.CommandEntry{ID: id, State: agentapi.StateRunning}
	}
	return agentapi.CommandEntry{
		ID: id, State: c.status.State, ExitCode: c.status.ExitCode, TimedOut: c.status.TimedOut, Canceled: c.status.Canceled,
	}
}

// Output is a part of what a command printed; nothing while it runs.
func (a *Agents) Output(_ context.Context, n lifecycle.Node, id string, from int64, limit int) (agentapi.CommandOutput, error) {
	if _, err := a.answering(n); err != nil {
		return agentapi.CommandOutput{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.journal[journalKey{n.ID, id}]
	if !ok {
		return agentapi.CommandOutput{}, fault.New(fault.NotFound, "no command %s", id)
	}
	if !c.ended() {
		return agentapi.CommandOutput{Secrets: c.secrets}, nil
	}
	text := c.status.Output
	size := int64(len(text))
	if from < 0 {
		from = max(from+size, 0)
	}
	from = min(from, size)
	next := min(from+int64(limit), size)
	return agentapi.CommandOutput{From: from, Before: text[:from], Text: text[from:next], Next: next, Size: size, Ended: true, Secrets: c.secrets}, nil
}

// Preview has one file for each changed key of /env, /etc/KEY; an agent that is Old has no previews.
func (a *Agents) Preview(_ context.Context, n lifecycle.Node, r agentapi.PreviewRequest) (agentapi.PreviewResult, error) {
	if _, err := a.answering(n); err != nil {
		return agentapi.PreviewResult{}, err
	}
	if a.Old {
		return agentapi.PreviewResult{}, fault.New(fault.NotFound, "the agent has no call POST /v1/preview")
	}
	var out agentapi.PreviewResult
	for _, key := range slices.Sorted(maps.Keys(r.Set)) {
		out.Files = append(out.Files, agentapi.PreviewFile{Dest: "/etc/" + key[strings.LastIndexByte(key, '/')+1:], Reload: "reload " + r.Set[key]})
	}
	return out, nil
}
