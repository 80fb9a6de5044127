package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/workflows/api"
)

// The workflows here run no operation on a cluster. They exist so that callers need Temporal alone: no Consul address, no token
// that could read secrets. They may run under any workflow id.

// DescribeCluster reads one cluster, and asks its agents when the input says so.
func DescribeCluster(ctx workflow.Context, raw converter.RawValue) (api.ClusterView, error) {
	return read(ctx, raw, doReads.DescribeCluster)
}

// ListClusters reads all clusters.
func ListClusters(ctx workflow.Context, raw converter.RawValue) (api.ClusterList, error) {
	return read(ctx, raw, doReads.ListClusters)
}

// PublishApp makes an application package available to CreateCluster.
func PublishApp(ctx workflow.Context, raw converter.RawValue) (api.AppView, error) {
	return read(ctx, raw, doApps.PublishApp)
}

// ListApps lists the published applications.
func ListApps(ctx workflow.Context, raw converter.RawValue) (api.AppList, error) {
	return read(ctx, raw, doApps.ListApps)
}

// YankApp takes a published version out of what new clusters get, or gives it back.
func YankApp(ctx workflow.Context, raw converter.RawValue) (api.AppView, error) {
	return read(ctx, raw, doApps.YankApp)
}

// UnpublishApp removes a published version that nothing uses.
func UnpublishApp(ctx workflow.Context, raw converter.RawValue) (api.UnpublishedApp, error) {
	return read(ctx, raw, doApps.UnpublishApp)
}

// ExamineCluster compares everything that is known of one cluster.
func ExamineCluster(ctx workflow.Context, raw converter.RawValue) (api.Examination, error) {
	return read(ctx, raw, doReads.ExamineCluster)
}

// ListConcerns lists what needs attention.
func ListConcerns(ctx workflow.Context, raw converter.RawValue) (api.ConcernList, error) {
	return read(ctx, raw, doReads.ListConcerns)
}

// EditCluster changes name, labels and protection of a cluster, whatever operation runs on it.
func EditCluster(ctx workflow.Context, raw converter.RawValue) (api.ClusterDetails, error) {
	return read(ctx, raw, doRecords.EditCluster)
}

// ListProviders asks the worker's providers what they can do and how they are.
func ListProviders(ctx workflow.Context, raw converter.RawValue) (api.ProviderList, error) {
	return read(ctx, raw, doReads.ListProviders)
}

// ListHosts reads the machines of providers that were given theirs, and tests them when asked to.
func ListHosts(ctx workflow.Context, raw converter.RawValue) (api.HostList, error) {
	return read(ctx, raw, doReads.ListHosts)
}

// ReadLogs reads what commands printed, from the journals of nodes.
func ReadLogs(ctx workflow.Context, raw converter.RawValue) (api.Logs, error) {
	return read(ctx, raw, doReads.ReadLogs)
}

// PreviewFiles asks the agents of a cluster which of their files an operation would replace.
func PreviewFiles(ctx workflow.Context, raw converter.RawValue) (api.FilePreview, error) {
	return read(ctx, raw, doReads.PreviewFiles)
}

// DescribeApp reads the settings and services of a published version.
func DescribeApp(ctx workflow.Context, raw converter.RawValue) (api.AppDetail, error) {
	return read(ctx, raw, doReads.DescribeApp)
}

// DescribeValues reads the values in force of a cluster.
func DescribeValues(ctx workflow.Context, raw converter.RawValue) (api.ClusterValues, error) {
	return read(ctx, raw, doReads.DescribeValues)
}

// ListBackups reads the catalogue of backups.
func ListBackups(ctx workflow.Context, raw converter.RawValue) (api.BackupList, error) {
	return read(ctx, raw, doBackups.ListBackups)
}

// ImportBackup takes a backup of a target into the catalogue.
func ImportBackup(ctx workflow.Context, raw converter.RawValue) (api.BackupView, error) {
	return read(ctx, raw, doBackups.ImportBackup)
}

// ExportBackup copies a backup to another target.
func ExportBackup(ctx workflow.Context, raw converter.RawValue) (api.BackupView, error) {
	return within(ctx, raw, doBackups.ExportBackup, transferring("copy a backup"))
}

// reading is how long an answer may take: all nodes of a cluster may be asked for it.
const reading = 30 * time.Second

func read[I, O any](ctx workflow.Context, raw converter.RawValue, activity func(context.Context, I) (O, error)) (O, error) {
	o := quick(nameOf(activity))
	o.StartToCloseTimeout = reading
	return within(ctx, raw, activity, o)
}

func within[I, O any](ctx workflow.Context, raw converter.RawValue, activity func(context.Context, I) (O, error), o workflow.ActivityOptions) (O, error) {
	var in I
	var out O
	if err := decode(raw, &in); err != nil {
		return out, wire(err)
	}
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), nameOf(activity), in).Get(ctx, &out)
	return out, wire(err)
}
