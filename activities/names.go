package activities

// Names of activities, as they stand in histories. Each is the name of its method, which a call by method value uses.
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
	KillCommands    = "KillCommands"
	EndStrays       = "EndStrays"
	AskNodes        = "AskNodes"
	SeenRevision    = "SeenRevision"
	PublishEnv      = "PublishEnv"
	ReleaseNodes    = "ReleaseNodes"
	Replace         = "Replace"
	Grow            = "Grow"
	Resize          = "Resize"
	Power           = "Power"
	PublishApp      = "PublishApp"
	ListApps        = "ListApps"
	YankApp         = "YankApp"
	UnpublishApp    = "UnpublishApp"
	DescribeCluster = "DescribeCluster"
	ListClusters    = "ListClusters"
	ListProviders   = "ListProviders"
	ListHosts       = "ListHosts"
	ListOrphans     = "ListOrphans"
	ReleaseOrphans  = "ReleaseOrphans"
	CollectOrphans  = "CollectOrphans"
	ExamineCluster  = "ExamineCluster"
	ReadLogs        = "ReadLogs"
	PreviewFiles    = "PreviewFiles"
	DescribeApp     = "DescribeApp"
	DescribeValues  = "DescribeValues"
	ListConcerns    = "ListConcerns"
	EditCluster     = "EditCluster"
	ExecCommand     = "ExecCommand"
	PrepareRestore  = "PrepareRestore"
	AwaitHealthy    = "AwaitHealthy"
	OpenBackup      = "OpenBackup"
	SnapshotVolumes = "SnapshotVolumes"
	StoreParts      = "StoreParts"
	CompleteBackup  = "CompleteBackup"
	TidyBackup      = "TidyBackup"
	FillParts       = "FillParts"
	MarkBackups     = "MarkBackups"
	RemoveBackups   = "RemoveBackups"
	NoteVerified    = "NoteVerified"
	ListBackups     = "ListBackups"
	ImportBackup    = "ImportBackup"
	ExportBackup    = "ExportBackup"
	DueClusters     = "DueClusters"
	ExpiredBackups  = "ExpiredBackups"
)

// All gives every activity by its registered name.
func (a *Activities) All() map[string]any {
	return map[string]any{
		PrepareCreate:   a.Records.PrepareCreate,
		BeginOperation:  a.Records.BeginOperation,
		EndOperation:    a.Records.EndOperation,
		Abandon:         a.Records.Abandon,
		Provision:       a.Machines.Provision,
		Release:         a.Machines.Release,
		Publish:         a.Publish.Publish,
		Deregister:      a.Publish.Deregister,
		StartAgents:     a.Agents.StartAgents,
		Barrier:         a.Agents.Barrier,
		RunStage:        a.Agents.RunStage,
		EndCommands:     a.Agents.EndCommands,
		KillCommands:    a.Agents.KillCommands,
		EndStrays:       a.Agents.EndStrays,
		AskNodes:        a.Agents.AskNodes,
		SeenRevision:    a.Agents.SeenRevision,
		PublishEnv:      a.Publish.PublishEnv,
		ReleaseNodes:    a.Machines.ReleaseNodes,
		Replace:         a.Machines.Replace,
		Grow:            a.Machines.Grow,
		Resize:          a.Machines.Resize,
		Power:           a.Machines.Power,
		PublishApp:      a.Apps.PublishApp,
		ListApps:        a.Apps.ListApps,
		YankApp:         a.Apps.YankApp,
		UnpublishApp:    a.Apps.UnpublishApp,
		DescribeCluster: a.Reads.DescribeCluster,
		ListClusters:    a.Reads.ListClusters,
		ListProviders:   a.Reads.ListProviders,
		ListHosts:       a.Reads.ListHosts,
		ListOrphans:     a.Orphans.ListOrphans,
		ReleaseOrphans:  a.Orphans.ReleaseOrphans,
		CollectOrphans:  a.Orphans.CollectOrphans,
		ExamineCluster:  a.Reads.ExamineCluster,
		ReadLogs:        a.Reads.ReadLogs,
		PreviewFiles:    a.Reads.PreviewFiles,
		DescribeApp:     a.Reads.DescribeApp,
		DescribeValues:  a.Reads.DescribeValues,
		ListConcerns:    a.Reads.ListConcerns,
		EditCluster:     a.Records.EditCluster,
		ExecCommand:     a.Agents.ExecCommand,
		PrepareRestore:  a.Records.PrepareRestore,
		AwaitHealthy:    a.Agents.AwaitHealthy,
		OpenBackup:      a.Backups.OpenBackup,
		SnapshotVolumes: a.Backups.SnapshotVolumes,
		StoreParts:      a.Backups.StoreParts,
		CompleteBackup:  a.Backups.CompleteBackup,
		TidyBackup:      a.Backups.TidyBackup,
		FillParts:       a.Backups.FillParts,
		MarkBackups:     a.Backups.MarkBackups,
		RemoveBackups:   a.Backups.RemoveBackups,
		NoteVerified:    a.Backups.NoteVerified,
		ListBackups:     a.Backups.ListBackups,
		ImportBackup:    a.Backups.ImportBackup,
		ExportBackup:    a.Backups.ExportBackup,
		DueClusters:     a.Records.DueClusters,
		ExpiredBackups:  a.Backups.ExpiredBackups,
	}
}
