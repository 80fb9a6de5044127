package api

// ExamineClusterInput compares what is known of one cluster.
type ExamineClusterInput struct {
	ClusterID string `json:"cluster_id"`
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in ExamineClusterInput) Problems() []string {
	return DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
}

// Examination is what ExamineCluster returns: no findings, all is well.
type Examination struct {
	ClusterID string    `json:"cluster_id"`
	State     string    `json:"state,omitempty"` // "" when there is no record of the cluster
	Nodes     int       `json:"nodes"`
	Findings  []Finding `json:"findings"`
	// Note says what was not compared, and why.
	Note string `json:"note,omitempty"`
}

// Finding is one mismatch between what record, provider, metadata and agents say, and what puts it right.
type Finding struct {
	Where string `json:"where"` // "record", "provider", "metadata", "access", "agent", "orphans"
	Node  string `json:"node,omitempty"`
	What  string `json:"what"`
	// Repair is the exact command; Advice is what to do where there is none.
	Repair string `json:"repair,omitempty"`
	Advice string `json:"advice,omitempty"`
}
