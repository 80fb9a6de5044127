package workflows

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/workflows/api"
)

// readers are the workflows that change no cluster, by their registered names.
func readers() map[string]any {
	return map[string]any{
		api.DescribeCluster: DescribeCluster,
		api.ListClusters:    ListClusters,
		api.PublishApp:      PublishApp,
		api.ListApps:        ListApps,
		api.YankApp:         YankApp,
		api.UnpublishApp:    UnpublishApp,
		api.ListProviders:   ListProviders,
		api.ListHosts:       ListHosts,
		api.ListBackups:     ListBackups,
		api.ImportBackup:    ImportBackup,
		api.ExportBackup:    ExportBackup,
		api.ListOrphans:     ListOrphans,
		api.RetryOrphans:    RetryOrphans,
		api.CollectOrphans:  CollectOrphans,
		api.ExamineCluster:  ExamineCluster,
		api.ReadLogs:        ReadLogs,
		api.DescribeApp:     DescribeApp,
		api.DescribeValues:  DescribeValues,
		api.PreviewFiles:    PreviewFiles,
		api.ListConcerns:    ListConcerns,
		api.EditCluster:     EditCluster,
		api.ExecCommand:     ExecCommand,
		api.EmptyBin:        EmptyBin,
		api.ScheduledBackup: ScheduledBackup,
	}
}

// Register makes a worker serve everything under explicit names. Worker, tests and replayer all use it.
func Register(r worker.Registry, a *activities.Activities) {
	RegisterWorkflows(r)
	for name, fn := range a.All() {
		r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}

// RegisterWorkflows registers the workflows alone, as a replayer needs them.
func RegisterWorkflows(r worker.WorkflowRegistry) {
	for _, d := range definitions() {
		r.RegisterWorkflowWithOptions(d.workflow, workflow.RegisterOptions{Name: d.name})
	}
	for name, fn := range readers() {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
}
