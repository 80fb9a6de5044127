package api

// OrphansWorkflowID is the id under which the orphan ledger is worked off: one run at a time tries what is in it again
// and again, and ends when it is empty.
const OrphansWorkflowID = "orphans/retry"

// SignalNow makes a waiting RetryOrphans try at once.
const SignalNow = "now"

// ListOrphansInput reads the orphan ledger.
type ListOrphansInput struct {
	// ClusterID limits the list to one cluster.
	ClusterID string `json:"cluster_id,omitempty"`
}

// RetryOrphansInput starts RetryOrphans, under workflow id orphans/retry.
type RetryOrphansInput struct {
	// Once tries everything once and ends; it may run under any other id.
	Once bool `json:"once,omitempty"`
	// Rounds counts the tries of earlier runs of the chain.
	Rounds int `json:"rounds,omitempty"`
}

// CollectOrphansInput releases what providers list for a cluster and no record names.
type CollectOrphansInput struct {
	ClusterID string `json:"cluster_id"`
	// DryRun only says what would be released.
	DryRun bool `json:"dry_run,omitempty"`
}

// OrphanList is the orphan ledger, oldest of each cluster first.
type OrphanList struct {
	Orphans []Orphan `json:"orphans"`
	// Total counts all, Orphans may be only the first of them.
	Total int `json:"total"`
	// Remains are the ids of clusters without a control record of which Consul or a provider has something that is not in the
	// ledger; Problems is what could not be looked at. Listed when no cluster was named.
	Remains  []string `json:"remains,omitempty"`
	Problems []string `json:"problems,omitempty"`
}

// OrphanUnreadable is the kind of an entry that cannot be read; its id is the key in Consul.
const OrphanUnreadable = "unreadable"

// Orphan is a resource that could not be released and is retried until its provider reports that it is gone.
type Orphan struct {
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id,omitempty"`
	Provider  string `json:"provider"`
	Kind      string `json:"kind"` // "instance", "volume", "network", "cluster": whatever is tagged with it, or "unreadable": an entry that cannot be read
	ID        string `json:"id"`
	// Why says what released it: "DeleteCluster".
	Why      string `json:"why"`
	Since    string `json:"since"`    // RFC 3339, UTC
	LastTry  string `json:"last_try"` // RFC 3339, UTC
	Attempts int    `json:"attempts"`
	Reason   string `json:"reason"` // what the last try said
}

// ReleasedOrphans is what RetryOrphans returns.
type ReleasedOrphans struct {
	Released int `json:"released"`
	Left     int `json:"left"`
}

// CollectedOrphans is what CollectOrphans returns.
type CollectedOrphans struct {
	Found []string `json:"found"` // "local instance i-..."
	// Left are those that could not be released and went to the orphan ledger, with reasons.
	Left   []string `json:"left,omitempty"`
	DryRun bool     `json:"dry_run,omitempty"`
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ListOrphansInput) Problems() []string {
	if in.ClusterID == "" {
		return nil
	}
	return DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in CollectOrphansInput) Problems() []string {
	return DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
}
