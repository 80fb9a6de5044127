package api

// PreviewFilesInput asks which files an operation would replace on the nodes of a cluster: one of Env, Scale and Upgrade is set.
type PreviewFilesInput struct {
	ClusterID string               `json:"cluster_id"`
	Env       *UpdateEnvInput      `json:"env,omitempty"`
	Scale     *ScaleVerticalInput  `json:"scale,omitempty"`
	Upgrade   *UpgradeClusterInput `json:"upgrade,omitempty"`
}

// Problems lists everything that is wrong with the input; empty when it can be used.
func (in PreviewFilesInput) Problems() []string {
	p := DescribeClusterInput{ClusterID: in.ClusterID}.Problems()
	given := 0
	for _, set := range []bool{in.Env != nil, in.Scale != nil, in.Upgrade != nil} {
		if set {
			given++
		}
	}
	if given != 1 {
		p = append(p, "one of env, scale and upgrade is required")
	}
	return p
}

// FilePreview is the result of PreviewFiles, by the steps that publish a revision.
type FilePreview struct {
	Steps []FileStep `json:"steps"`
}

// FileStep is what the agents would do with the revision of a step. Contents are not part of it.
type FileStep struct {
	Step  string       `json:"step"` // "UE1"
	Files []FileChange `json:"files"`
	// Unknown are the nodes whose files are not known, with the reason.
	Unknown []UnknownFiles `json:"unknown,omitempty"`
	// More is how many files are left out.
	More int `json:"more,omitempty"`
}

// FileChange is a file that changes on some nodes, and the command that runs after it.
type FileChange struct {
	Dest   string `json:"dest"`
	Nodes  string `json:"nodes"` // "etcd_node 1-3"
	Count  int    `json:"count"`
	New    bool   `json:"new,omitempty"`
	Reload string `json:"reload_cmd,omitempty"`
	// Problem is why the file of this resource cannot be rendered; Dest is the resource then.
	Problem string `json:"problem,omitempty"`
}

// UnknownFiles are nodes of which it is not known which files change.
type UnknownFiles struct {
	Nodes string `json:"nodes"`
	Count int    `json:"count"`
	Why   string `json:"why"`
}
