package remote

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"drover/client"
	wire "drover/console/api"
	"drover/fault"
	"drover/workflows/api"
)

// NeedWorker asks nothing: the server finds out with every request.
func (c *Client) NeedWorker(context.Context) error { return nil }

// Preflight asks nothing: the server checks a request before it starts anything.
func (c *Client) Preflight(context.Context, client.Request) error { return nil }

// Start starts an operation, once, however often the connection breaks. A dry run has ended when it returns; Follow gives its plan.
func (c *Client) Start(ctx context.Context, r client.Request) (*client.Started, error) {
	q := question{method: http.MethodPost, key: r.RequestID}
	if q.key == "" {
		q.key = uuid.NewString()
	}
	switch in := r.Input.(type) {
	case api.CreateClusterInput:
		q.path, q.body = at("clusters"), wire.Create{ID: r.ClusterID, Input: in}
	case api.RestoreClusterInput:
		q.path, q.body = at("backups", in.Backup, "restore"), wire.Restore{ID: r.ClusterID, Input: in}
	case api.VerifyBackupInput:
		q.path, q.body = at("backups", in.Backup, "verify"), wire.Verify{ID: r.ClusterID, Input: in}
	default:
		input, err := json.Marshal(r.Input)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "cannot encode the input of %s", r.Operation)
		}
		q.path, q.body = at("clusters", r.ClusterID, "operations"), wire.Start{Type: r.Operation, Input: input}
	}
	var answer wire.Operation
	if err := c.ask(ctx, q, &answer); err != nil {
		return nil, err
	}
	op := of(answer)
	if op.DryRun {
		c.mu.Lock()
		c.plans[op.RunID] = &op
		c.mu.Unlock()
	}
	return &client.Started{ClusterID: r.ClusterID, Operation: r.Operation, WorkflowID: op.WorkflowID, RunID: op.FirstRunID}, nil
}

// of is an operation as the client knows it: the first run is in its id.
func of(o wire.Operation) client.Operation {
	op := o.Operation
	if _, run, ok := wire.SplitOperationID(o.ID); ok {
		op.FirstRunID = run
	}
	return op
}

// Current is the running operation of a cluster, or how the last one ended; dry runs and refusals are passed over.
func (c *Client) Current(ctx context.Context, clusterID string) (*client.Operation, error) {
	return c.latest(ctx, clusterID, nil)
}

// Latest is the operation that was started last, be it one that was refused.
func (c *Client) Latest(ctx context.Context, clusterID string) (*client.Operation, error) {
	return c.latest(ctx, clusterID, url.Values{"all": {"true"}})
}

func (c *Client) latest(ctx context.Context, clusterID string, query url.Values) (*client.Operation, error) {
	var answer wire.Operation
	err := c.ask(ctx, question{method: http.MethodGet, path: at("clusters", clusterID, "operations", "current"), query: query}, &answer)
	if err != nil {
		return nil, err
	}
	op := of(answer)
	return &op, nil
}

// History lists the operations of a cluster, newest first.
func (c *Client) History(ctx context.Context, clusterID string, limit int, all bool) ([]client.Operation, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if all {
		query.Set("all", "true")
	}
	return c.runs(ctx, clusterID, "operations", query)
}

// Execs lists the commands that operators ran on nodes of a cluster, newest first.
func (c *Client) Execs(ctx context.Context, clusterID string, limit int) ([]client.Operation, error) {
	return c.runs(ctx, clusterID, "commands", url.Values{"limit": {strconv.Itoa(limit)}})
}

func (c *Client) runs(ctx context.Context, clusterID, kind string, query url.Values) ([]client.Operation, error) {
	answer, err := get[wire.Items[wire.Operation]](ctx, c, query, "clusters", clusterID, kind)
	if err != nil {
		return nil, err
	}
	out := make([]client.Operation, len(answer.Items))
	for i, o := range answer.Items {
		out[i] = of(o)
	}
	return out, nil
}

// askedAtOnce bounds the operations that Detail reads at the same time.
const askedAtOnce = 8

// Detail adds numbers and steps of operations. Those that cannot be read now stay as they are.
func (c *Client) Detail(ctx context.Context, ops []client.Operation) {
	var asking errgroup.Group
	asking.SetLimit(askedAtOnce)
	for i := range ops {
		if ops[i].Idle() || ops[i].Type == api.ExecCommand {
			continue
		}
		asking.Go(func() error {
			var answer wire.Operation
			id := wire.OperationID(ops[i].ClusterID, ops[i].FirstRunID)
			if c.ask(ctx, question{method: http.MethodGet, path: at("operations", id)}, &answer) == nil && answer.Progress != nil {
				ops[i].Progress, ops[i].Number = answer.Progress, answer.Progress.Number
			}
			return nil
		})
	}
	_ = asking.Wait() // none fails
}

// Cancel asks the cluster's running operation to stop and to undo its completed steps.
func (c *Client) Cancel(ctx context.Context, clusterID string) (*client.Operation, error) {
	op, err := c.Current(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	return op, c.ask(ctx, question{method: http.MethodPost, path: at("operations", wire.OperationID(clusterID, op.FirstRunID), "cancel")}, nil)
}

// Resolve decides about the step that the cluster's running operation holds.
func (c *Client) Resolve(ctx context.Context, clusterID string, r api.Resolution) (*client.Operation, *api.Resolved, error) {
	op, err := c.Current(ctx, clusterID)
	if err != nil {
		return nil, nil, err
	}
	if !op.Running() {
		return nil, nil, fault.New(fault.Conflict, "cluster %s has no running operation, so no step is held; the last operation, %s, %s",
			clusterID, op.Type, client.Ending(op.State))
	}
	var answer api.Resolved
	path := at("operations", wire.OperationID(clusterID, op.FirstRunID), "resolve")
	if err := c.ask(ctx, question{method: http.MethodPost, path: path, body: r}, &answer); err != nil {
		return nil, nil, err
	}
	return op, &answer, nil
}
