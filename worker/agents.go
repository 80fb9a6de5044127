package main

import (
	"bytes"
	"context"
	"io/fs"
	"time"

	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/remote"
	"drover/worker/telemetry"
)

// agents adapts remote, which has SSH targets, to activities, which have nodes.
type agents struct {
	remote *remote.Agents
	pool   *remote.Pool
	binary string // drover-agent of this worker
	meters *telemetry.Meters
}

func (a agents) Ensure(ctx context.Context, n lifecycle.Node, cfg agentapi.Config) error {
	return a.remote.Ensure(ctx, n.SSH.Of(n.ID), remote.AgentInstall{BinaryPath: a.binary, Config: cfg})
}

func (a agents) Sync(ctx context.Context, n lifecycle.Node, revision int64, timeout time.Duration,
	silent func(context.Context) error,
) (agentapi.SyncResult, error) {
	began := time.Now()
	res, err := a.remote.Sync(ctx, n.SSH.Of(n.ID), revision, timeout, silent)
	if ctx.Err() == nil || err == nil {
		a.meters.Barrier(time.Since(began), err)
	}
	return res, err
}

func (a agents) Run(ctx context.Context, n lifecycle.Node, id string, cmd agentapi.Command, w agentapi.Watch) (agentapi.CommandStatus, error) {
	st, err := a.remote.Run(ctx, n.SSH.Of(n.ID), id, cmd, w)
	if err == nil {
		a.meters.Command(cmd.Label, st)
	}
	return st, err
}

func (a agents) Cancel(ctx context.Context, n lifecycle.Node, id string) (agentapi.CommandStatus, error) {
	return a.remote.Cancel(ctx, n.SSH.Of(n.ID), id)
}

func (a agents) Put(ctx context.Context, n lifecycle.Node, path string, content []byte, mode fs.FileMode) error {
	return a.pool.Upload(ctx, n.SSH.Of(n.ID), bytes.NewReader(content), path, mode)
}

func (a agents) Status(ctx context.Context, n lifecycle.Node) (agentapi.Status, error) {
	return a.remote.Status(ctx, n.SSH.Of(n.ID))
}

func (a agents) Preview(ctx context.Context, n lifecycle.Node, r agentapi.PreviewRequest) (agentapi.PreviewResult, error) {
	return a.remote.Preview(ctx, n.SSH.Of(n.ID), r)
}

func (a agents) EndPassCommand(ctx context.Context, n lifecycle.Node) error {
	return a.remote.EndPassCommand(ctx, n.SSH.Of(n.ID))
}

func (a agents) List(ctx context.Context, n lifecycle.Node, match string, limit int) (agentapi.CommandList, error) {
	return a.remote.List(ctx, n.SSH.Of(n.ID), match, limit)
}

func (a agents) Output(ctx context.Context, n lifecycle.Node, id string, from int64, limit int) (agentapi.CommandOutput, error) {
	return a.remote.Output(ctx, n.SSH.Of(n.ID), id, from, limit)
}
