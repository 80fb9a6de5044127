package api

// ListConcernsInput reads what needs attention.
type ListConcernsInput struct {
	// ClusterID limits the list to one cluster.
	ClusterID string `json:"cluster_id,omitempty"`
}

// ConcernList is the result of ListConcerns: by cluster, the gravest first.
type ConcernList struct {
	Concerns []Concern `json:"concerns"`
	// Total counts all, Concerns may be only the first of them.
	Total int `json:"total"`
}

// Concern is something about a cluster that a person has to know.
type Concern struct {
	// Kind is cluster-failed, operation-failed, healing-braked, node-gone, node-unhealthy, operation-held, backup-broken,
	// template-failing, orphan or backup-unverified.
	Kind      string `json:"kind"`
	ClusterID string `json:"cluster_id"`
	Node      string `json:"node,omitempty"` // node id
	What      string `json:"what"`
	Since     string `json:"since,omitempty"` // RFC 3339, UTC
	// Repair is the command that mends it.
	Repair string `json:"repair"`
}
