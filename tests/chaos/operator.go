package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	agentapi "drover/agent/api"

	"go.temporal.io/sdk/client"

	"drover/workflows/api"
)

// await waits for the end of an operation. A hold for an unknown outcome of a command is resolved: by a retry, like the
// operator of a node that lost power after an inspection, or with the answer of the kill.
func (c *cluster) await(ctx context.Context, run client.WorkflowRun, d *death) error {
	ended := make(chan error, 1)
	go func() { ended <- result(ctx, run, nil) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(200 * time.Millisecond):
		}
		if d.kill == nil || !d.kill.unknown || d.answered != "" || !slices.Contains([]Phase{Command, Any}, d.at.Phase) {
			continue
		}
		if held := c.asks(ctx).Held; held != nil {
			if err := c.answer(ctx, run, d, held); err != nil {
				return err
			}
		}
	}
}

func (c *cluster) answer(ctx context.Context, run client.WorkflowRun, d *death, held *api.Held) error {
	if !held.Unknown {
		return fmt.Errorf("held, and not because the outcome is unknown: %s", held.Error)
	}
	d.answered = cmp.Or(d.kill.answer, api.ResolveRetry)
	for _, choice := range held.Choices {
		// A command that may not be skipped is retried.
		if choice.Action == d.answered && choice.Refused != "" {
			d.answered = api.ResolveRetry
		}
	}
	if err := d.losesHeld(held); err != nil {
		return err
	}
	handle, err := c.world.temporals.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: api.UpdateResolve, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{api.Resolution{Action: d.answered, By: "chaos", Reason: "looked at the node"}},
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("resolve: %w", err)
	}
	return nil
}

// losesHeld records the commands that run once more, or once less, than planned after the operator's answer. The power
// loss may have come between the report that a command begins and its beginning.
func (d *death) losesHeld(held *api.Held) error {
	began, err := d.cluster.gates.begun()
	standing, standingErr := d.cluster.gates.standing()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range held.Nodes {
		words := strings.Fields(n.Node) // "role/1 cln-xxxxxxxx"
		if len(words) == 0 {
			return errors.New("a held node has no name")
		}
		node := words[len(words)-1]
		if n.Outcome == agentapi.OutcomeUnknown {
			// The result of the command is lost.
			delete(d.first, node)
			for _, run := range standing[node] {
				d.lostRuns[node+" "+run] = true
			}
		}
		command := node + " " + held.Service
		switch {
		case d.answered == api.ResolveRetry && n.Outcome != agentapi.OutcomeOpen && began[command] > 0: // a retry attaches to an open one
			d.lost[command]++
		case d.answered == api.ResolveSkip && began[command] == 0:
			d.lost[command]--
		}
	}
	return errors.Join(err, standingErr)
}

// aborted checks the state after an abort by an operator: the operation has failed, it has no pending work, and the cluster
// can be deleted.
func (c *cluster) aborted(ctx context.Context, ended error) error {
	if ended == nil {
		return errors.New("it succeeded although the operator aborted it")
	}
	all, err := c.world.machines.List(ctx, c.id)
	if err != nil {
		return err
	}
	keys, err := c.world.keys(ctx, c.id)
	if err != nil {
		return err
	}
	wrong := temporaries(keys)
	if len(all.Instances) > 0 {
		if err := c.look(ctx); err != nil {
			return err
		}
		if len(c.view.Nodes) != len(all.Instances) || len(c.view.Nodes) != len(all.Volumes) {
			wrong = append(wrong, fmt.Sprintf("there are %d nodes, %d machines and %d volumes",
				len(c.view.Nodes), len(all.Instances), len(all.Volumes)))
		}
		more, err := c.strays(ctx, all)
		if err != nil {
			return err
		}
		wrong = append(wrong, more...)
	}
	if err := c.remove(ctx); err != nil {
		return err
	}
	gone, err := c.problems(ctx, operation{})
	if wrong = append(wrong, gone...); err == nil && len(wrong) > 0 {
		err = errors.New(strings.Join(wrong, "; "))
	}
	return err
}
