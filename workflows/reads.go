package workflows

import (
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/workflows/api"
)

// The workflows here change no cluster. They exist so that callers need Temporal alone: no Consul address, no token
// that could read secrets. They may run under any workflow id.

// DescribeCluster reads one cluster, and asks its agents when the input says so.
func DescribeCluster(ctx workflow.Context, raw converter.RawValue) (api.ClusterView, error) {
	return read[api.DescribeClusterInput, api.ClusterView](ctx, raw, activities.DescribeCluster)
}

// ListClusters reads all clusters.
func ListClusters(ctx workflow.Context, raw converter.RawValue) (api.ClusterList, error) {
	return read[api.ListClustersInput, api.ClusterList](ctx, raw, activities.ListClusters)
}

// PublishApp makes an application package available to CreateCluster.
func PublishApp(ctx workflow.Context, raw converter.RawValue) (api.AppView, error) {
	return read[api.PublishAppInput, api.AppView](ctx, raw, activities.PublishApp)
}

// ListApps lists the published applications.
func ListApps(ctx workflow.Context, raw converter.RawValue) (api.AppList, error) {
	return read[api.ListAppsInput, api.AppList](ctx, raw, activities.ListApps)
}

// ExamineCluster compares everything that is known of one cluster.
func ExamineCluster(ctx workflow.Context, raw converter.RawValue) (api.Examination, error) {
	return read[api.ExamineClusterInput, api.Examination](ctx, raw, activities.ExamineCluster)
}

// ListProviders asks the worker's providers what they can do and how they are.
func ListProviders(ctx workflow.Context, raw converter.RawValue) (api.ProviderList, error) {
	return read[api.ListProvidersInput, api.ProviderList](ctx, raw, activities.ListProviders)
}

// ListHosts reads the machines of providers that were given theirs, and tests them when asked to.
func ListHosts(ctx workflow.Context, raw converter.RawValue) (api.HostList, error) {
	return read[api.ListHostsInput, api.HostList](ctx, raw, activities.ListHosts)
}

// reading is how long an answer may take: all nodes of a cluster may be asked for it.
const reading = 30 * time.Second

func read[I, O any](ctx workflow.Context, raw converter.RawValue, activity string) (O, error) {
	var in I
	var out O
	if err := decode(raw, &in); err != nil {
		return out, wire(err)
	}
	o := quick(activity)
	o.StartToCloseTimeout = reading
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), activity, in).Get(ctx, &out)
	return out, wire(err)
}
