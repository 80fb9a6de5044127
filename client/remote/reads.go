package remote

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"drover/client"
	wire "drover/console/api"
	"drover/workflows/api"
)

// get reads one resource.
func get[T any](ctx context.Context, c *Client, query url.Values, parts ...string) (*T, error) {
	return post[T](ctx, c, question{method: http.MethodGet, path: at(parts...), query: query})
}

func post[T any](ctx context.Context, c *Client, q question) (*T, error) {
	var out T
	if err := c.ask(ctx, q, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// pageSize is the largest that the server gives.
const pageSize = 500

// Clusters lists a page of the clusters that pass the filters. Those outside the labels of the user are not counted.
func (c *Client) Clusters(ctx context.Context, in api.ListClustersInput) (*api.ClusterList, error) {
	query := url.Values{"state": in.States, "app": in.Apps, "label": in.Labels, "limit": {strconv.Itoa(min(cmp.Or(in.Limit, pageSize), pageSize))}}
	for key, value := range map[string]string{"sort": in.Sort, "cursor": in.After, "q": cmp.Or(in.Name, in.Prefix)} {
		if value != "" {
			query.Set(key, value)
		}
	}
	for key, wanted := range map[string]bool{"health": in.Health, "running": in.Running} {
		if wanted {
			query.Set(key, "true")
		}
	}
	page, err := get[wire.Page[wire.Cluster]](ctx, c, query, "clusters")
	if err != nil {
		return nil, err
	}
	out := &api.ClusterList{Clusters: []api.ClusterView{}, Matching: page.Total, Total: page.All, Next: page.Next}
	for _, item := range page.Items {
		v := viewOf(item)
		if (in.Name == "" || v.Name == in.Name) && (strings.HasPrefix(v.ClusterID, in.Prefix) || strings.HasPrefix(v.Name, in.Prefix)) {
			out.Clusters = append(out.Clusters, v)
		}
	}
	return out, nil
}

func viewOf(c wire.Cluster) api.ClusterView {
	v := c.ClusterView
	v.Labels = c.Labels
	return v
}

// Live adds nothing: the server's lists say where running operations are.
func (c *Client) Live(context.Context, []api.ClusterView) {}

// Cluster is one cluster with its nodes.
func (c *Client) Cluster(ctx context.Context, id string) (*api.ClusterView, error) {
	return c.cluster(ctx, id, nil)
}

// ClusterAndAgents is Cluster with the answers of the nodes' agents.
func (c *Client) ClusterAndAgents(ctx context.Context, id string) (*api.ClusterView, error) {
	return c.cluster(ctx, id, url.Values{"agents": {"true"}})
}

func (c *Client) cluster(ctx context.Context, id string, query url.Values) (*api.ClusterView, error) {
	out, err := get[wire.Cluster](ctx, c, query, "clusters", id)
	if err != nil {
		return nil, err
	}
	v := viewOf(*out)
	return &v, nil
}

// ClusterID is the id of the cluster that a word means: its id, or its name.
func (c *Client) ClusterID(ctx context.Context, word string) (string, error) {
	if api.ValidClusterID(word) {
		return word, nil
	}
	return client.ClusterNamed(ctx, c, word)
}

// NodeIDs are the ids of the nodes of a cluster that words mean: an id, role/sid or an address.
func (c *Client) NodeIDs(ctx context.Context, clusterID string, words []string) ([]string, error) {
	cluster, err := c.Cluster(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	return client.NodesNamed(cluster, words)
}

// Values are the values in force of a cluster.
func (c *Client) Values(ctx context.Context, clusterID string) (*api.ClusterValues, error) {
	return get[api.ClusterValues](ctx, c, nil, "clusters", clusterID, "values")
}

// Examine compares what record, provider, metadata and agents say of a cluster.
func (c *Client) Examine(ctx context.Context, id string) (*api.Examination, error) {
	return get[api.Examination](ctx, c, nil, "clusters", id, "examination")
}

// Logs reads what commands printed on the nodes of a cluster.
func (c *Client) Logs(ctx context.Context, in api.ReadLogsInput) (*api.Logs, error) {
	return post[api.Logs](ctx, c, question{method: http.MethodPost, path: at("clusters", in.ClusterID, "logs"), body: in})
}

// Exec runs an operator's command once on one node. The token says who asks. The command ends when ctx does.
func (c *Client) Exec(ctx context.Context, in api.ExecCommandInput, _ string) (*api.Executed, error) {
	return post[api.Executed](ctx, c, question{method: http.MethodPost, path: at("clusters", in.ClusterID, "commands"), body: in, unlimited: true})
}

// Edit changes name, labels and protection of a cluster. The server words what Temporal shows of it.
func (c *Client) Edit(ctx context.Context, in api.EditClusterInput, _ string) (*api.ClusterDetails, error) {
	return post[api.ClusterDetails](ctx, c, question{method: http.MethodPatch, path: at("clusters", in.ClusterID), body: in})
}

// Apps lists the published applications.
func (c *Client) Apps(ctx context.Context) (*api.AppList, error) {
	out, err := get[wire.Items[api.AppView]](ctx, c, nil, "apps")
	if err != nil {
		return nil, err
	}
	return &api.AppList{Apps: out.Items}, nil
}

// App has the settings and services of a published version; version "" is the one that a creation takes.
func (c *Client) App(ctx context.Context, app, version string) (*api.AppDetail, error) {
	if version == "" {
		return get[api.AppDetail](ctx, c, nil, "apps", app)
	}
	return get[api.AppDetail](ctx, c, nil, "apps", app, "versions", version)
}

// Publish makes a package available.
func (c *Client) Publish(ctx context.Context, in api.PublishAppInput) (*api.AppView, error) {
	query := url.Values{"app": {in.App}, "version": {in.Version}}
	if in.Replace {
		query.Set("replace", "true")
	}
	out, err := post[wire.Published](ctx, c, question{method: http.MethodPost, path: at("apps"), query: query, body: in.Archive})
	if err != nil {
		return nil, err
	}
	return &out.App, nil
}

// Yank takes a version out of what new clusters get, or gives it back.
func (c *Client) Yank(ctx context.Context, in api.YankAppInput) (*api.AppView, error) {
	return post[api.AppView](ctx, c, question{
		method: http.MethodPost, path: at("apps", in.App, "versions", in.Version, "yank"), body: wire.Yank{Undo: in.Undo},
	})
}

// Unpublish removes a version that nothing uses, and returns what it was.
func (c *Client) Unpublish(ctx context.Context, in api.UnpublishAppInput) (*api.AppView, error) {
	return post[api.AppView](ctx, c, question{method: http.MethodDelete, path: at("apps", in.App, "versions", in.Version)})
}

// Providers are the workers' providers.
func (c *Client) Providers(ctx context.Context) (*api.ProviderList, error) {
	out, err := get[wire.Items[api.ProviderView]](ctx, c, nil, "providers")
	if err != nil {
		return nil, err
	}
	return &api.ProviderList{Providers: out.Items}, nil
}

// Hosts are the machines that were given to providers, tested when that is asked for.
func (c *Client) Hosts(ctx context.Context, in api.ListHostsInput) (*api.HostList, error) {
	q := question{method: http.MethodGet, path: at("hosts"), query: url.Values{}}
	if in.Check {
		q = question{method: http.MethodPost, path: at("hosts", "check"), body: wire.HostsCheck{
			Provider: in.Provider, Inventory: in.Inventory, InventoryFile: in.InventoryFile,
		}}
	} else if in.Provider != "" {
		q.query.Set("provider", in.Provider)
	}
	out, err := post[wire.Items[api.HostView]](ctx, c, q)
	if err != nil {
		return nil, err
	}
	return &api.HostList{Hosts: out.Items}, nil
}

// Orphans is the orphan ledger, of one cluster or ("") of all.
func (c *Client) Orphans(ctx context.Context, clusterID string) (*api.OrphanList, error) {
	query := url.Values{}
	if clusterID != "" {
		query.Set("cluster", clusterID)
	}
	return get[api.OrphanList](ctx, c, query, "orphans")
}

// Concerns lists what needs attention, of one cluster or ("") of all.
func (c *Client) Concerns(ctx context.Context, clusterID string) (*api.ConcernList, error) {
	query := url.Values{}
	if clusterID != "" {
		query.Set("cluster", clusterID)
	}
	out, err := get[wire.Page[api.Concern]](ctx, c, query, "concerns")
	if err != nil {
		return nil, err
	}
	return &api.ConcernList{Concerns: out.Items, Total: out.Total}, nil
}

// RetryOrphans retries the release of the ledger's orphans once.
func (c *Client) RetryOrphans(ctx context.Context) (*api.ReleasedOrphans, error) {
	return post[api.ReleasedOrphans](ctx, c, question{method: http.MethodPost, path: at("orphans", "retry")})
}

// CollectOrphans releases what providers list for a cluster and no record names.
func (c *Client) CollectOrphans(ctx context.Context, in api.CollectOrphansInput) (*api.CollectedOrphans, error) {
	return post[api.CollectedOrphans](ctx, c, question{
		method: http.MethodPost, path: at("clusters", in.ClusterID, "orphans", "collect"), body: wire.Collect{DryRun: in.DryRun},
	})
}

// Backups is the catalogue of backups, or one of them.
func (c *Client) Backups(ctx context.Context, in api.ListBackupsInput) (*api.BackupList, error) {
	if in.Backup != "" {
		b, err := c.Backup(ctx, in.Backup)
		if err != nil {
			return nil, err
		}
		return &api.BackupList{Backups: []api.BackupView{*b}}, nil
	}
	query := url.Values{}
	if in.ClusterID != "" {
		query.Set("cluster", in.ClusterID)
	}
	out, err := get[wire.Items[api.BackupView]](ctx, c, query, "backups")
	if err != nil {
		return nil, err
	}
	return &api.BackupList{Backups: out.Items}, nil
}

// Backup is one backup with its parts.
func (c *Client) Backup(ctx context.Context, id string) (*api.BackupView, error) {
	return get[api.BackupView](ctx, c, nil, "backups", id)
}

// ImportBackup takes a backup of a target into the catalogue.
func (c *Client) ImportBackup(ctx context.Context, in api.ImportBackupInput) (*api.BackupView, error) {
	return post[api.BackupView](ctx, c, question{method: http.MethodPost, path: at("backups", in.Backup, "import"), body: wire.Target{Target: in.Target}})
}

// ExportBackup copies a backup to another target, and waits until it is there.
func (c *Client) ExportBackup(ctx context.Context, in api.ExportBackupInput) (*api.BackupView, error) {
	return post[api.BackupView](ctx, c, question{
		method: http.MethodPost, path: at("backups", in.Backup, "export"), body: wire.Target{Target: in.Target}, unlimited: true,
	})
}
