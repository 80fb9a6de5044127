package activities

// Registered activity names.
const (
	PrepareCreate   = "PrepareCreate"
	BeginOperation  = "BeginOperation"
	EndOperation    = "EndOperation"
	Abandon         = "Abandon"
	Provision       = "Provision"
	Release         = "Release"
	Publish         = "Publish"
	Deregister      = "Deregister"
	StartAgents     = "StartAgents"
	Barrier         = "Barrier"
	RunStage        = "RunStage"
	EndCommands     = "EndCommands"
	EndStrays       = "EndStrays"
	AskNodes        = "AskNodes"
	PublishEnv      = "PublishEnv"
	ReleaseNodes    = "ReleaseNodes"
	Replace         = "Replace"
	Grow            = "Grow"
	Resize          = "Resize"
	Power           = "Power"
	PublishApp      = "PublishApp"
	ListApps        = "ListApps"
	DescribeCluster = "DescribeCluster"
	ListClusters    = "ListClusters"
	ListProviders   = "ListProviders"
	ListHosts       = "ListHosts"
	ListOrphans     = "ListOrphans"
	ReleaseOrphans  = "ReleaseOrphans"
	CollectOrphans  = "CollectOrphans"
	ExamineCluster  = "ExamineCluster"
)

// All gives every activity by its registered name.
func (a *Activities) All() map[string]any {
	return map[string]any{
		PrepareCreate:   a.PrepareCreate,
		BeginOperation:  a.BeginOperation,
		EndOperation:    a.EndOperation,
		Abandon:         a.Abandon,
		Provision:       a.Provision,
		Release:         a.Release,
		Publish:         a.Publish,
		Deregister:      a.Deregister,
		StartAgents:     a.StartAgents,
		Barrier:         a.Barrier,
		RunStage:        a.RunStage,
		EndCommands:     a.EndCommands,
		EndStrays:       a.EndStrays,
		AskNodes:        a.AskNodes,
		PublishEnv:      a.PublishEnv,
		ReleaseNodes:    a.ReleaseNodes,
		Replace:         a.Replace,
		Grow:            a.Grow,
		Resize:          a.Resize,
		Power:           a.Power,
		PublishApp:      a.PublishApp,
		ListApps:        a.ListApps,
		DescribeCluster: a.DescribeCluster,
		ListClusters:    a.ListClusters,
		ListProviders:   a.ListProviders,
		ListHosts:       a.ListHosts,
		ListOrphans:     a.ListOrphans,
		ReleaseOrphans:  a.ReleaseOrphans,
		CollectOrphans:  a.CollectOrphans,
		ExamineCluster:  a.ExamineCluster,
	}
}
