package client

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"drover/workflows/api"
)

// askedAtOnce bounds the operations that Live asks for their progress at the same time.
const askedAtOnce = 16

// Live fills in the state, step and time of the operations that run, asking the operations themselves; no node is contacted. One
// that does not respond stays as it was known last.
func (c *Client) Live(ctx context.Context, clusters []api.ClusterView) {
	var asking errgroup.Group
	asking.SetLimit(askedAtOnce)
	for i := range clusters {
		switch clusters[i].Operation.State {
		case StateRunning, StateHeld, StateUndoing:
		default:
			continue
		}
		asking.Go(func() error {
			if op, err := c.Latest(ctx, clusters[i].ClusterID); err == nil {
				clusters[i].Operation = op.view(clusters[i].Operation)
			}
			return nil
		})
	}
	_ = asking.Wait() // none fails
}

// view is what the record says of the operation, and what the operation itself says.
func (o *Operation) view(v api.OperationView) api.OperationView {
	if o.Waiting == nil || o.RunID != v.RunID && o.FirstRunID != v.RunID {
		return v
	}
	v.State, v.Step = o.State, o.Waiting.Step
	if o.Waiting.Words != "" {
		v.Step += " " + o.Waiting.Words
	}
	v.Since = o.Waiting.Since.UTC().Format(time.RFC3339)
	return v
}
