package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drover/specs"
	"drover/workflows/api"
)

const app, appVersion = "noop", "1"

// publish makes the package of no-op services available.
func (b *bench) publish(ctx context.Context) error {
	p, err := specs.Open(filepath.Join(b.root, "tests", "bench", "package"))
	if err != nil {
		return err
	}
	archive, err := p.Archive()
	if err != nil {
		return err
	}
	_, _, err = b.execute(ctx, "app/noop", api.PublishApp, api.PublishAppInput{App: app, Version: appVersion, Archive: archive}, nil)
	return err
}

// createCluster creates a cluster and says how long the starter waited for the end.
func (b *bench) createCluster(ctx context.Context, id string, nodes int) (client.WorkflowRun, time.Duration, error) {
	b.clusters = append(b.clusters, id)
	return b.execute(ctx, api.WorkflowID(id), api.CreateCluster, api.CreateClusterInput{
		App: app, Version: appVersion, Values: map[string]any{"cluster.node.count": nodes},
	}, nil)
}

func (b *bench) deleteCluster(ctx context.Context, id string) error {
	if _, _, err := b.execute(ctx, api.WorkflowID(id), api.DeleteCluster, api.DeleteClusterInput{}, nil); err != nil {
		return err
	}
	b.clusters = slices.DeleteFunc(b.clusters, func(c string) bool { return c == id })
	return nil
}

func (b *bench) execute(ctx context.Context, id, workflow string, in, out any) (client.WorkflowRun, time.Duration, error) {
	begun := time.Now()
	run, err := b.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: api.TaskQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflow, in)
	if err == nil {
		err = run.Get(ctx, out)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s %s: %w", workflow, id, err)
	}
	return run, time.Since(begun), nil
}
