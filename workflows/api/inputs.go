package api

// Inputs are flat, snake_case JSON objects that a person can type into the Temporal UI. Every field has a safe default.
// Unknown fields are refused. Durations are words ("90s", "5m").

// CreateClusterInput starts CreateCluster under workflow id cluster/<new cluster id>.
type CreateClusterInput struct {
	App     string `json:"app"`               // published application id, required
	Version string `json:"version,omitempty"` // default: the newest published
	// Name overrides cluster.name of the package.
	Name     string `json:"name,omitempty"`
	Provider string `json:"provider,omitempty"` // default: the worker's
	// Values are configuration values by path: {"etcd_node.count": 3, "env.quota": "2"}.
	Values map[string]any `json:"values,omitempty"`
	// OnFailure is "undo" (default: nothing is left) or "keep" (everything stays for inspection, state failed).
	OnFailure string `json:"on_failure,omitempty"`
	// StrictConfig makes a failing template or reload command fail the operation instead of warning.
	StrictConfig bool `json:"strict_config,omitempty"`
	// BarrierTimeout is how long a node may take to apply a revision, default "5m".
	BarrierTimeout string `json:"barrier_timeout,omitempty"`
	UserID         string `json:"user_id,omitempty"` // default "drover"; seeds passwords in packages
	Zone           string `json:"zone,omitempty"`
	// DryRun returns the plan and touches nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// DeleteClusterInput starts DeleteCluster under workflow id cluster/<cluster id>.
type DeleteClusterInput struct {
	// Force goes on after a failing destroy guard; refused up front when a role says allow_force: false.
	Force  bool `json:"force,omitempty"`
	DryRun bool `json:"dry_run,omitempty"`
}

// DescribeClusterInput reads one cluster.
type DescribeClusterInput struct {
	ClusterID string `json:"cluster_id"`
}

// ListClustersInput reads all clusters.
type ListClustersInput struct{}

// PublishAppInput makes a package available under app id and version.
type PublishAppInput struct {
	App     string `json:"app"`
	Version string `json:"version"`
	// Archive is the package as tar.gz (base64 in JSON): config.json, cluster.json.mustache, locale/. At most 384 KiB.
	Archive []byte `json:"archive"`
}

// ListAppsInput reads the published applications.
type ListAppsInput struct{}
