package api

// Inputs are flat, snake_case JSON objects that a person can type into the Temporal UI. Every field has a safe default.
// Unknown fields are refused. Durations are words ("90s", "5m").

// CreateClusterInput starts CreateCluster under workflow id cluster/<new cluster id>.
type CreateClusterInput struct {
	App     string `json:"app"`               // published application id, required
	Version string `json:"version,omitempty"` // default: the highest that is neither a prerelease nor yanked, else the last published
	// Name is unique among all clusters. Default: the package's cluster.name, with the end of the id where that is taken.
	Name     string `json:"name,omitempty"`
	Provider string `json:"provider,omitempty"` // default: the worker's
	// Values are configuration values by path: {"etcd_node.count": 3, "env.quota": "2"}.
	Values Values `json:"values,omitempty"`
	// OnFailure is "undo" (default: nothing is left), "keep" (everything stays for inspection, state failed) or "hold"
	// (the step that failed waits for an operator).
	OnFailure string `json:"on_failure,omitempty"`
	UserID    string `json:"user_id,omitempty"` // default "drover"; seeds passwords in packages
	Zone      string `json:"zone,omitempty"`
	// Labels are for people and for filters: {"team": "payments"}.
	Labels map[string]string `json:"labels,omitempty"`
	// Protected: the cluster cannot be deleted until it is unprotected.
	Protected bool `json:"protected,omitempty"`
	// Keep is how long the cluster stays in the recycle bin when it is deleted: "2h", "0" for not at all. Default: the worker's.
	Keep string `json:"keep,omitempty"`
	Waits
}

// DeleteClusterInput starts DeleteCluster under workflow id cluster/<cluster id>.
type DeleteClusterInput struct {
	// Force continues past a failing destroy guard; refused up front when a role says allow_force: false.
	Force bool `json:"force,omitempty"`
	// Keep is how long the cluster stays in the recycle bin, with its data: "2h", "0" for not at all. Default: the cluster's
	// setting, or else the worker's.
	Keep   string `json:"keep,omitempty"`
	DryRun bool   `json:"dry_run,omitempty"`
	Holds
}

// AddNodesInput starts AddNodes under workflow id cluster/<cluster id>.
type AddNodesInput struct {
	// Role that grows; its replicas grow with it. Default: the only role that can.
	Role  string `json:"role,omitempty"`
	Count int    `json:"count"`
	Waits
	Holds
}

// DeleteNodesInput starts DeleteNodes under workflow id cluster/<cluster id>.
type DeleteNodesInput struct {
	Nodes []string `json:"nodes"` // node ids, cln-xxxxxxxx
	// Force continues past a failing destroy guard of the leaving nodes. A failing scale_in always blocks.
	Force bool `json:"force,omitempty"`
	Waits
	Holds
}

// ScaleVerticalInput starts ScaleVertical under workflow id cluster/<cluster id>: one role with its replicas.
type ScaleVerticalInput struct {
	Role       string `json:"role,omitempty"`        // default: the only master role
	CPU        int    `json:"cpu,omitempty"`         // cores; 0 leaves it
	Memory     int    `json:"memory,omitempty"`      // MiB; 0 leaves it
	VolumeSize int    `json:"volume_size,omitempty"` // GiB; 0 leaves it; never smaller
	Waits
	Holds
}

// UpgradeClusterInput starts UpgradeCluster under workflow id cluster/<cluster id>.
type UpgradeClusterInput struct {
	Version string `json:"version"` // published version to upgrade to
	// Values are those of items that are new in the version, or that it may change: {"env.license": "..."}. All other values
	// in force stay.
	Values Values `json:"values,omitempty"`
	// OnFailure is "stop" (default: state upgrade_failed), "rollback" (downgrade at once) or "hold" (the step that failed
	// waits for an operator).
	OnFailure string `json:"on_failure,omitempty"`
	Waits
}

// DowngradeClusterInput starts DowngradeCluster under workflow id cluster/<cluster id>.
type DowngradeClusterInput struct {
	Waits
	Holds
}

// StartClusterInput starts StartCluster under workflow id cluster/<cluster id>.
type StartClusterInput struct {
	Waits
	Holds
}

// StopClusterInput starts StopCluster under workflow id cluster/<cluster id>.
type StopClusterInput struct {
	DryRun bool `json:"dry_run,omitempty"`
	Holds
}

// RestartClusterInput starts RestartCluster under workflow id cluster/<cluster id>.
type RestartClusterInput struct {
	// Role limits the restart to one role.
	Role *string `json:"role,omitempty"`
	// Nodes limits it to these; default: all.
	Nodes []string `json:"nodes,omitempty"`
	Healing
	DryRun bool `json:"dry_run,omitempty"`
	Holds
}

// RunServiceInput starts RunService under workflow id cluster/<cluster id>.
type RunServiceInput struct {
	Service string `json:"service"`
	// Role limits the run to one role; default: every role that defines the service.
	Role *string `json:"role,omitempty"`
	// Nodes limits the run to these; default: as nodes_to_execute_on says.
	Nodes []string `json:"nodes,omitempty"`
	// Params are handed to the command as one quoted JSON argument.
	Params Values `json:"params,omitempty"`
	DryRun bool   `json:"dry_run,omitempty"`
	Holds
}

// UpdateEnvInput starts UpdateEnv under workflow id cluster/<cluster id>.
type UpdateEnvInput struct {
	// Values by path: {"env.quota": 4}. Only changeable parameters.
	Values Values `json:"values"`
	Waits
	Holds
}

// RepairClusterInput starts RepairCluster under workflow id cluster/<cluster id>.
type RepairClusterInput struct {
	// Nodes are those whose machines are taken as the provider has them, address and host key, and recreated, volumes too,
	// where it has none. Default: none; machines are as they are on record.
	Nodes []string `json:"nodes,omitempty"`
	// Replace gives these nodes another machine, on the volumes that they have. What was on their root disk is lost.
	Replace bool `json:"replace,omitempty"`
	Healing
	Waits
	Holds
}

// Healing is the field of operations that heal nodes.
type Healing struct {
	// Healing: the nodes that are named are bad already, so that a failure of the operation leaves the cluster active.
	Healing bool `json:"healing,omitempty"`
}

// BackupClusterInput starts BackupCluster under workflow id cluster/<cluster id>.
type BackupClusterInput struct {
	Target string `json:"target,omitempty"` // default: the worker's
	// Full begins a new chain. Otherwise a package with incremental_backup_supported continues the newest one.
	Full bool `json:"full,omitempty"`
	// Chain is how many points a chain may have; 0: any number.
	Chain int `json:"chain,omitempty"`
	// Params are handed to the package's backup, with the id of the backup.
	Params Values `json:"params,omitempty"`
	// Scheduled marks a backup that a schedule has started.
	Scheduled bool `json:"scheduled,omitempty"`
	DryRun    bool `json:"dry_run,omitempty"`
	Holds
}

// RestoreClusterInput starts RestoreCluster under workflow id cluster/<new cluster id>, and VerifyBackup likewise. Version,
// sizes and values are those of the backup.
type RestoreClusterInput struct {
	Backup   string `json:"backup,omitempty"`   // s-xxxxxxxx
	Name     string `json:"name,omitempty"`     // default: that of the cluster that was backed up; with a suffix while a cluster has it
	Network  string `json:"network,omitempty"`  // vxnet; default likewise
	Provider string `json:"provider,omitempty"` // default: the one that was backed up, or the worker's
	Zone     string `json:"zone,omitempty"`
	Waits
	Holds
}

// VerifyBackupInput starts VerifyBackup under workflow id cluster/<id of the throw-away cluster>.
type VerifyBackupInput struct {
	RestoreClusterInput
}

// RestoreInPlaceInput starts RestoreInPlace under workflow id cluster/<cluster id>: the package's restore replaces the data
// of the cluster that runs.
type RestoreInPlaceInput struct {
	Backup string `json:"backup"` // s-xxxxxxxx, of this cluster, with backup_policy custom
	// Force continues past a failing destroy guard; refused up front when a role says allow_force: false.
	Force  bool `json:"force,omitempty"`
	DryRun bool `json:"dry_run,omitempty"`
	Holds
}

// DeleteBackupInput starts DeleteBackup under workflow id cluster/<cluster id of the backup>, whether the cluster exists or
// not.
type DeleteBackupInput struct {
	Backup string `json:"backup"` // s-xxxxxxxx
	// Later permits deleting the later points of its chain too, which need it.
	Later  bool `json:"later,omitempty"`
	DryRun bool `json:"dry_run,omitempty"`
	Holds
}

// Waits are the fields of every operation that waits for nodes.
type Waits struct {
	// StrictConfig makes a failing template or reload command fail the operation instead of warning.
	StrictConfig bool `json:"strict_config,omitempty"`
	// BarrierTimeout is how long a node may take to apply a revision, default "5m".
	BarrierTimeout string `json:"barrier_timeout,omitempty"`
	// DryRun returns the plan and touches nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// Holds is the field of every operation that has no other ways to fail than the documented one.
type Holds struct {
	// OnFailure is "undo" (default: as docs/lifecycle.md says for the operation) or "hold" (the step that failed waits for
	// an operator).
	OnFailure string `json:"on_failure,omitempty"`
}

// DescribeClusterInput reads one cluster.
type DescribeClusterInput struct {
	ClusterID string `json:"cluster_id"`
	// Agents asks the agent of every node for its revision and health; each may take 3 s to answer. Without it no node is
	// contacted, and health is what the agents reported last.
	Agents bool `json:"agents,omitempty"`
	// SSH adds how workers log in to the nodes.
	SSH bool `json:"ssh,omitempty"`
}

// ListClustersInput reads a page of the clusters that pass all filters. Without filters and in the order of ids it reads no
// more than the page.
type ListClustersInput struct {
	// Health asks the agents of the page's nodes for their health, within 20 s altogether. Without it no node is contacted, and
	// health is what the agents reported last.
	Health bool `json:"health,omitempty"`
	// Name is the whole name of a cluster, Prefix the beginning of an id or a name.
	Name   string   `json:"name,omitempty"`
	Prefix string   `json:"prefix,omitempty"`
	States []string `json:"states,omitempty"`
	Apps   []string `json:"apps,omitempty"`
	// Labels are "key=value", or "key" for any value; all must match.
	Labels []string `json:"labels,omitempty"`
	// Running leaves out clusters without a running operation.
	Running bool `json:"running,omitempty"`
	// Sort is one of ListOrders, "cluster" (by id) when empty.
	Sort string `json:"sort,omitempty"`
	// Limit bounds the page, which ends earlier where it would be too large for Temporal. 0: as many as there is room for.
	Limit int `json:"limit,omitempty"`
	// After is the next of the page before.
	After string `json:"after,omitempty"`
}

// ListOrders are the orders of a list of clusters.
var ListOrders = []string{"cluster", "name", "app", "state", "nodes", "age"}

// PublishAppInput makes a package available under app id and version.
type PublishAppInput struct {
	App     string `json:"app"`
	Version string `json:"version"`
	// Archive is the package as tar.gz (base64 in JSON): config.json, cluster.json.mustache, locale/. At most 384 KiB.
	Archive []byte `json:"archive"`
	// Replace gives a published version other content, which is refused while a cluster or a backup uses it.
	Replace bool `json:"replace,omitempty"`
}

// UnpublishAppInput removes a version, which is refused while a cluster or a backup uses it.
type UnpublishAppInput struct {
	App     string `json:"app"`
	Version string `json:"version"`
}

// YankAppInput takes a version out of what new clusters get: creations and upgrades of other clusters are refused. Clusters that
// have it keep it, and downgrades and restores to it stay possible.
type YankAppInput struct {
	App     string `json:"app"`
	Version string `json:"version"`
	// Undo offers the version again.
	Undo bool `json:"undo,omitempty"`
}

// ListAppsInput reads the published applications.
type ListAppsInput struct{}

// ListProvidersInput reads what the worker makes machines with.
type ListProvidersInput struct{}

// ListHostsInput reads the machines that were given to a provider.
type ListHostsInput struct {
	Provider string `json:"provider,omitempty"` // default: every provider that has such machines
	// Check tests every machine: SSH, host key, rights, disk, ports, clock, tools.
	Check bool `json:"check,omitempty"`
	// Inventory is the text of an inventory to test in place of the worker's own, InventoryFile the name of its file.
	Inventory     string `json:"inventory,omitempty"`
	InventoryFile string `json:"inventory_file,omitempty"`
}
