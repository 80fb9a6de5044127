package client

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"drover/fault"
	"drover/workflows/api"
)

// Cluster reads one cluster's record with its nodes, and what their agents reported last. It contacts no node.
func (c *Client) Cluster(ctx context.Context, id string) (*api.ClusterView, error) {
	return c.describe(ctx, api.DescribeClusterInput{ClusterID: id})
}

// ClusterAndAgents is Cluster with the answers of the nodes' agents.
func (c *Client) ClusterAndAgents(ctx context.Context, id string) (*api.ClusterView, error) {
	return c.describe(ctx, api.DescribeClusterInput{ClusterID: id, Agents: true})
}

// ClusterAndSSH is Cluster with how workers log in to the nodes.
func (c *Client) ClusterAndSSH(ctx context.Context, id string) (*api.ClusterView, error) {
	return c.describe(ctx, api.DescribeClusterInput{ClusterID: id, SSH: true})
}

func (c *Client) describe(ctx context.Context, in api.DescribeClusterInput) (*api.ClusterView, error) {
	var out api.ClusterView
	if err := c.read(ctx, api.DescribeCluster, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Clusters reads a page of the clusters that pass the filters, and what agents reported last.
func (c *Client) Clusters(ctx context.Context, in api.ListClustersInput) (*api.ClusterList, error) {
	var out api.ClusterList
	if err := c.read(ctx, api.ListClusters, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// EachPage reads the pages from in.After on, and gives each to f until that returns false.
func EachPage(ctx context.Context, clusters Lister, in api.ListClustersInput, f func(*api.ClusterList) bool) error {
	for {
		list, err := clusters.Clusters(ctx, in)
		if err != nil {
			return err
		}
		if !f(list) || list.Next == "" {
			return nil
		}
		in.After = list.Next
	}
}

// Apps reads the published applications.
func (c *Client) Apps(ctx context.Context) (*api.AppList, error) {
	var out api.AppList
	if err := c.read(ctx, api.ListApps, api.ListAppsInput{}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Providers asks what the worker makes machines with.
func (c *Client) Providers(ctx context.Context) (*api.ProviderList, error) {
	var out api.ProviderList
	if err := c.read(ctx, api.ListProviders, api.ListProvidersInput{}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Hosts reads the machines that were given to providers.
func (c *Client) Hosts(ctx context.Context, in api.ListHostsInput) (*api.HostList, error) {
	var out api.HostList
	if err := c.read(ctx, api.ListHosts, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Publish makes a package available. Another change of the version at the same time is refused by the workflow id.
func (c *Client) Publish(ctx context.Context, in api.PublishAppInput) (*api.AppView, error) {
	var out api.AppView
	err := c.call(ctx, versionID(in.App, in.Version), api.PublishApp, "publish "+in.App+" "+in.Version, in, &out)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// Yank takes a version out of what new clusters get, or gives it back.
func (c *Client) Yank(ctx context.Context, in api.YankAppInput) (*api.AppView, error) {
	what := "yank "
	if in.Undo {
		what = "offer again "
	}
	var out api.AppView
	if err := c.call(ctx, versionID(in.App, in.Version), api.YankApp, what+in.App+" "+in.Version, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Unpublish removes a version that nothing uses, and returns what it was.
func (c *Client) Unpublish(ctx context.Context, in api.UnpublishAppInput) (*api.AppView, error) {
	list, err := c.Apps(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list.Apps, func(a api.AppView) bool { return a.App == in.App && a.Version == in.Version })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "application %q has no published version %q", in.App, in.Version).
			WithHint("list the published versions with: drover apps list")
	}
	var out api.UnpublishedApp
	if err := c.call(ctx, versionID(in.App, in.Version), api.UnpublishApp, "unpublish "+in.App+" "+in.Version, in, &out); err != nil {
		return nil, err
	}
	return &list.Apps[i], nil
}

// versionID is the workflow id of what changes a version: one change at a time.
func versionID(app, version string) string { return "app/" + app + "/" + version }

func (c *Client) read(ctx context.Context, workflow string, in, out any) error {
	return c.call(ctx, "read/"+uuid.NewString(), workflow, "", in, out)
}

// call runs one of the short workflows. They have a timeout of their own, unlike operations: an answer no client waits
// for any more is worth nothing, and a worker that comes back must not find a queue of old questions.
func (c *Client) call(ctx context.Context, id, workflow, summary string, in, out any) error {
	if err := c.NeedWorker(ctx); err != nil {
		return err
	}
	callCtx, cancel := context.WithTimeout(ctx, c.readTimeout())
	defer cancel()
	run, err := c.Temporal.ExecuteWorkflow(callCtx, client.StartWorkflowOptions{
		ID:                                       id,
		TaskQueue:                                api.TaskQueue,
		WorkflowExecutionTimeout:                 c.readTimeout(),
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            summary,
	}, workflow, in)
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &started) {
		return fault.New(fault.Conflict, "%s is already running with workflow id %s", workflow, id).
			WithHint("wait for it to finish")
	}
	if err != nil {
		return serviceFault(ctx, err, "cannot start %s", workflow)
	}
	err = run.Get(callCtx, out)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !ended(err) && (callCtx.Err() != nil || deadline(err)):
		return fault.New(fault.Unreachable, "no worker answered %s within %s", workflow, c.readTimeout()).
			WithHint("check that drover-worker is running and reaches Consul; see workflow %s", id)
	}
	if !ended(err) {
		return serviceFault(ctx, err, "cannot read the result of %s", workflow)
	}
	state, f := closeFault(err)
	if state == StateTimedOut {
		f.Message = "no worker answered in time"
		return f
	}
	return &Failed{Operation: workflow, State: state, Fault: f}
}

// deadline says whether err is a deadline that passed, here or at the server: it may fire before ctx itself is done.
func deadline(err error) bool {
	var server *serviceerror.DeadlineExceeded
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &server)
}

// Orphans reads the orphan ledger, of one cluster or ("") of all.
func (c *Client) Orphans(ctx context.Context, clusterID string) (*api.OrphanList, error) {
	var out api.OrphanList
	if err := c.read(ctx, api.ListOrphans, api.ListOrphansInput{ClusterID: clusterID}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// RetryOrphans retries the release of the ledger's orphans once, in addition to the periodic retries.
func (c *Client) RetryOrphans(ctx context.Context) (*api.ReleasedOrphans, error) {
	var out api.ReleasedOrphans
	if err := c.call(ctx, "orphans/now", api.RetryOrphans, "retry the orphan ledger", api.RetryOrphansInput{Once: true}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// CollectOrphans releases what providers list for a cluster and no record names.
func (c *Client) CollectOrphans(ctx context.Context, in api.CollectOrphansInput) (*api.CollectedOrphans, error) {
	var out api.CollectedOrphans
	if err := c.call(ctx, "orphans/collect/"+in.ClusterID, api.CollectOrphans, "collect the orphans of "+in.ClusterID, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Examine compares what record, provider, metadata and agents say of a cluster.
func (c *Client) Examine(ctx context.Context, id string) (*api.Examination, error) {
	var out api.Examination
	if err := c.read(ctx, api.ExamineCluster, api.ExamineClusterInput{ClusterID: id}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Logs reads what commands printed on the nodes of a cluster.
func (c *Client) Logs(ctx context.Context, in api.ReadLogsInput) (*api.Logs, error) {
	var out api.Logs
	if err := c.read(ctx, api.ReadLogs, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// App reads the settings and services of a published version; version "" is the one that a creation takes.
func (c *Client) App(ctx context.Context, app, version string) (*api.AppDetail, error) {
	var out api.AppDetail
	if err := c.read(ctx, api.DescribeApp, api.DescribeAppInput{App: app, Version: version}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// PreviewFiles asks the agents of a cluster which of their files an operation would replace.
func (c *Client) PreviewFiles(ctx context.Context, in api.PreviewFilesInput) (*api.FilePreview, error) {
	var out api.FilePreview
	if err := c.read(ctx, api.PreviewFiles, in, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Values reads the values in force of a cluster.
func (c *Client) Values(ctx context.Context, clusterID string) (*api.ClusterValues, error) {
	var out api.ClusterValues
	if err := c.read(ctx, api.DescribeValues, api.DescribeValuesInput{ClusterID: clusterID}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Concerns lists what needs attention, of one cluster or ("") of all. It contacts no node.
func (c *Client) Concerns(ctx context.Context, clusterID string) (*api.ConcernList, error) {
	var out api.ConcernList
	if err := c.read(ctx, api.ListConcerns, api.ListConcernsInput{ClusterID: clusterID}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
