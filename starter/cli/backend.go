package cli

import (
	"context"
	"time"

	"drover/client"
	"drover/client/remote"
	"drover/fault"
	"drover/workflows/api"
)

// backend is what commands ask: Temporal and its workers through a client.Client, or drover-console through a remote.Client.
type backend interface {
	Close()
	// Limit sets the time limit of questions.
	Limit(time.Duration)

	NeedWorker(context.Context) error
	Preflight(context.Context, client.Request) error
	Start(context.Context, client.Request) (*client.Started, error)
	Follow(ctx context.Context, workflowID, firstRunID string, show func(client.Sight)) (*client.Operation, error)
	Current(ctx context.Context, clusterID string) (*client.Operation, error)
	Latest(ctx context.Context, clusterID string) (*client.Operation, error)
	History(ctx context.Context, clusterID string, limit int, all bool) ([]client.Operation, error)
	Detail(context.Context, []client.Operation)
	Cancel(ctx context.Context, clusterID string) (*client.Operation, error)
	Resolve(ctx context.Context, clusterID string, r api.Resolution) (*client.Operation, *api.Resolved, error)

	Clusters(ctx context.Context, in api.ListClustersInput) (*api.ClusterList, error)
	Live(context.Context, []api.ClusterView)
	Cluster(ctx context.Context, id string) (*api.ClusterView, error)
	ClusterAndAgents(ctx context.Context, id string) (*api.ClusterView, error)
	ClusterID(ctx context.Context, word string) (string, error)
	NodeIDs(ctx context.Context, clusterID string, words []string) ([]string, error)
	Edit(ctx context.Context, in api.EditClusterInput, summary string) (*api.ClusterDetails, error)
	Values(ctx context.Context, clusterID string) (*api.ClusterValues, error)
	Examine(ctx context.Context, clusterID string) (*api.Examination, error)
	Logs(context.Context, api.ReadLogsInput) (*api.Logs, error)
	Exec(ctx context.Context, in api.ExecCommandInput, by string) (*api.Executed, error)
	Execs(ctx context.Context, clusterID string, limit int) ([]client.Operation, error)

	Apps(context.Context) (*api.AppList, error)
	App(ctx context.Context, app, version string) (*api.AppDetail, error)
	Publish(context.Context, api.PublishAppInput) (*api.AppView, error)
	Unpublish(context.Context, api.UnpublishAppInput) (*api.AppView, error)
	Yank(context.Context, api.YankAppInput) (*api.AppView, error)
	Providers(context.Context) (*api.ProviderList, error)
	Hosts(context.Context, api.ListHostsInput) (*api.HostList, error)
	Orphans(ctx context.Context, clusterID string) (*api.OrphanList, error)
	Concerns(ctx context.Context, clusterID string) (*api.ConcernList, error)
	RetryOrphans(context.Context) (*api.ReleasedOrphans, error)
	CollectOrphans(context.Context, api.CollectOrphansInput) (*api.CollectedOrphans, error)
	Backups(context.Context, api.ListBackupsInput) (*api.BackupList, error)
	Backup(ctx context.Context, id string) (*api.BackupView, error)
	ImportBackup(context.Context, api.ImportBackupInput) (*api.BackupView, error)
	ExportBackup(context.Context, api.ExportBackupInput) (*api.BackupView, error)
}

var (
	_ backend = (*client.Client)(nil)
	_ backend = (*remote.Client)(nil)
)

// through are the settings for drover-console in the place of Temporal.
type through struct {
	server, tokenFile, caFile string
}

// console returns the address of drover-console, "" for Temporal. A flag for Temporal means Temporal, whatever the environment says
// about the console; flags for both are an error.
func (a *app) console() (string, error) {
	server := a.through.server
	direct := a.target.Address != "" || a.target.Namespace != "" || a.target.Profile != ""
	switch {
	case server != "" && direct:
		return "", fault.New(fault.Invalid, "--server is the address of drover-console; --address, --namespace and --profile are about Temporal").
			WithHint("use one or the other")
	case server == "" && !direct:
		server, _ = a.env.LookupEnv("DROVER_SERVER")
	}
	return server, nil
}

// server connects, once per run.
func (a *app) server(ctx context.Context) (backend, error) {
	if a.backend != nil {
		return a.backend, nil
	}
	console, err := a.console()
	if err != nil {
		return nil, err
	}
	if console == "" {
		c, err := client.Dial(ctx, a.target)
		if err != nil {
			return nil, err
		}
		a.backend = c
		return c, nil
	}
	setting := func(flag, variable string) string {
		if flag == "" {
			flag, _ = a.env.LookupEnv(variable)
		}
		return flag
	}
	c, err := remote.Dial(remote.Options{
		Server: console, TokenFile: setting(a.through.tokenFile, "DROVER_TOKEN_FILE"), CAFile: setting(a.through.caFile, "DROVER_SERVER_CA"),
		ConnectTimeout: a.target.ConnectTimeout, ReadTimeout: a.target.ReadTimeout, Version: a.Version,
	})
	if err != nil {
		return nil, err
	}
	a.backend = c
	return c, nil
}

// needsTemporal refuses a command that does not work through drover-console.
func (a *app) needsTemporal(command, why string) error {
	if a.through.server == "" {
		return nil
	}
	return fault.New(fault.Invalid, "drover %s does not work with --server: %s", command, why).WithHint("leave --server out")
}
