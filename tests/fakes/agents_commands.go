package fakes

import (
	"context"
	"slices"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
)

type command struct {
	text    string
	run     string
	secrets []string
	done    chan struct{}
	cancel  context.CancelFunc
	status  agentapi.CommandStatus
}

// Run launches a command once and waits for its end; ctx ends the wait, not the command.
func (a *Agents) Run(ctx context.Context, n lifecycle.Node, id string, cmd agentapi.Command, w agentapi.Watch) (agentapi.CommandStatus, error) {
	if w.MayBegin != nil {
		if err := w.MayBegin(ctx); err != nil {
			return agentapi.CommandStatus{}, err
		}
	}
	c, err := a.launch(n, id, cmd)
	if err != nil {
		return agentapi.CommandStatus{}, err
	}
	a.mu.Lock()
	cut := a.cutOf(n.ID)
	a.mu.Unlock()
	select {
	case <-c.done:
		if w.Progress != nil {
			w.Progress(c.status)
		}
		return c.status, nil
	case <-cut:
		return agentapi.CommandStatus{}, unreachable(n)
	case <-ctx.Done():
		return agentapi.CommandStatus{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for %s", id)
	}
}

func (a *Agents) launch(n lifecycle.Node, id string, cmd agentapi.Command) (*command, error) {
	cluster, err := a.answering(n)
	if err != nil {
		return nil, err
	}
	if !usable.MatchString(id) || cmd.TimeoutSec < 1 {
		return nil, fault.New(fault.Invalid, "command id %q with a time limit of %d s", id, cmd.TimeoutSec)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.journal[journalKey{n.ID, id}]; ok {
		if c.run != cmd.Run {
			return nil, fault.New(fault.Conflict, "command id %s was used by another run", id).At("", n.ID, "")
		}
		if c.text != cmd.Cmd {
			return nil, fault.New(fault.Conflict, "command id %s was used for another command text", id).At("", n.ID, "")
		}
		return c, nil
	}
	e := Execution{ID: id, Node: n, Cmd: cmd.Cmd, Env: cmd.Env}
	if p, ok := a.store.Tree(cluster); ok {
		e.Seen = p.Tree
	}
	a.ran = append(a.ran, e)
	ctx, cancel := context.WithCancel(context.Background())
	c := &command{text: cmd.Cmd, run: cmd.Run, secrets: cmd.Secrets, done: make(chan struct{}), cancel: cancel}
	a.journal[journalKey{n.ID, id}] = c
	handlers := slices.Clone(a.Handlers)
	go func() {
		defer close(c.done)
		defer cancel()
		c.status = end(ctx, handlers, e)
		c.status.ID = id
		if !cmd.Stdout {
			c.status.Stdout = ""
		}
	}()
	return c, nil
}

func end(ctx context.Context, handlers []Handler, e Execution) agentapi.CommandStatus {
	for _, h := range handlers {
		if status, ok := h(ctx, e); ok {
			if ctx.Err() != nil {
				return agentapi.CommandStatus{State: agentapi.StateExited, ExitCode: 143, Canceled: true}
			}
			return status
		}
	}
	return Exit(0, "")
}

// Cancel ends a command.
func (a *Agents) Cancel(ctx context.Context, n lifecycle.Node, id string) (agentapi.CommandStatus, error) {
	if _, err := a.answering(n); err != nil {
		return agentapi.CommandStatus{}, err
	}
	a.mu.Lock()
	c, ok := a.journal[journalKey{n.ID, id}]
	a.mu.Unlock()
	if !ok {
		return agentapi.CommandStatus{}, fault.New(fault.NotFound, "no command %s", id)
	}
	c.cancel()
	select {
	case <-c.done:
		return c.status, nil
	case <-ctx.Done():
		return agentapi.CommandStatus{}, fault.Wrap(context.Cause(ctx), fault.Unreachable, "stopped waiting for %s", id)
	}
}

// Running are the ids of the commands that run on a node.
func (a *Agents) Running(nodeID string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for key, c := range a.journal {
		select {
		case <-c.done:
		default:
			if key.node == nodeID {
				ids = append(ids, key.id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// Asked counts the calls of Status.
func (a *Agents) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}
