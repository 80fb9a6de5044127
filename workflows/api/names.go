package api

import (
	"regexp"
	"strings"
	"time"
)

// TaskQueue is where Drover's workers listen.
const TaskQueue = "drover"

// WorkflowTaskTimeout is how long a worker may take to decide what comes next, before another one is asked: half of the
// server's default, since a worker that stands still takes its task with it.
const WorkflowTaskTimeout = 5 * time.Second

// Workflow types. The first group changes a cluster and runs under the id `cluster/<cluster-id>`; the second reads or
// publishes and may run under any other id (the CLI uses `read/...` and `app/...`).
const (
	CreateCluster    = "CreateCluster"
	DeleteCluster    = "DeleteCluster"
	AddNodes         = "AddNodes"
	DeleteNodes      = "DeleteNodes"
	ScaleVertical    = "ScaleVertical"
	UpgradeCluster   = "UpgradeCluster"
	DowngradeCluster = "DowngradeCluster"
	StartCluster     = "StartCluster"
	StopCluster      = "StopCluster"
	RestartCluster   = "RestartCluster"
	RunService       = "RunService"
	UpdateEnv        = "UpdateEnv"
	RepairCluster    = "RepairCluster"
	BackupCluster    = "BackupCluster"
	RestoreCluster   = "RestoreCluster"
	RestoreInPlace   = "RestoreInPlace"
	VerifyBackup     = "VerifyBackup"
	DeleteBackup     = "DeleteBackup"
	RecoverCluster   = "RecoverCluster"
	CeaseCluster     = "CeaseCluster"

	DescribeCluster = "DescribeCluster"
	ListClusters    = "ListClusters"
	PublishApp      = "PublishApp"
	ListApps        = "ListApps"
	YankApp         = "YankApp"
	UnpublishApp    = "UnpublishApp"
	ListProviders   = "ListProviders"
	ListHosts       = "ListHosts"
	ListBackups     = "ListBackups"
	ImportBackup    = "ImportBackup"
	ExportBackup    = "ExportBackup"
	ListOrphans     = "ListOrphans"
	RetryOrphans    = "RetryOrphans"
	CollectOrphans  = "CollectOrphans"
	ExamineCluster  = "ExamineCluster"
	ReadLogs        = "ReadLogs"
	DescribeApp     = "DescribeApp"
	DescribeValues  = "DescribeValues"
	PreviewFiles    = "PreviewFiles"
	ListConcerns    = "ListConcerns"
	EditCluster     = "EditCluster"
	ExecCommand     = "ExecCommand"
	EmptyBin        = "EmptyBin"
	ScheduledBackup = "ScheduledBackup"
)

// Inputs are the inputs of the operations on clusters that exist, by type. What lists operations with their inputs begins here.
var Inputs = map[string]any{
	DeleteCluster: DeleteClusterInput{}, AddNodes: AddNodesInput{}, DeleteNodes: DeleteNodesInput{}, ScaleVertical: ScaleVerticalInput{},
	UpgradeCluster: UpgradeClusterInput{}, DowngradeCluster: DowngradeClusterInput{}, StartCluster: StartClusterInput{},
	StopCluster: StopClusterInput{}, RestartCluster: RestartClusterInput{}, RunService: RunServiceInput{}, UpdateEnv: UpdateEnvInput{},
	RepairCluster: RepairClusterInput{}, BackupCluster: BackupClusterInput{}, RestoreInPlace: RestoreInPlaceInput{},
	DeleteBackup: DeleteBackupInput{}, RecoverCluster: RecoverClusterInput{}, CeaseCluster: CeaseClusterInput{},
}

// QueryProgress is the query every cluster operation answers with a Progress.
const QueryProgress = "progress"

// QueryTrace is the query every cluster operation answers with the Plan of what it has begun so far.
const QueryTrace = "trace"

// UpdateResolve is the update every cluster operation takes while it is held: a Resolution, answered with a Resolved.
const UpdateResolve = "resolve"

// Search attributes, all Keyword.
const (
	AttrClusterID      = "ClusterId"
	AttrApp            = "App"
	AttrOperation      = "Operation"
	AttrOperationState = "OperationState"
)

// MemoSkipped is the memo of an operation that says which failed steps operators took on themselves: it stays readable
// however the operation ends.
const MemoSkipped = "skipped"

// Memos of an operation that its starter sets: the user who asked, the id of the request, and what it asks for, in one line
// without values.
const (
	MemoBy      = "by"
	MemoRequest = "request"
	MemoWhat    = "what"
)

const (
	workflowIDPrefix = "cluster/"
	clusterIDPrefix  = "cl-"
	planIDPrefix     = "plan/"
	execIDPrefix     = "exec/"
)

// WorkflowID is the only id under which operations on the cluster run: the server then guarantees one at a time.
func WorkflowID(clusterID string) string { return workflowIDPrefix + clusterID }

// PlansOf begins the ids of all dry runs of the cluster.
func PlansOf(clusterID string) string { return planIDPrefix + clusterID + "/" }

// PlanID is an id for a dry run. Dry runs have ids of their own: they are not operations of the cluster, and do not keep one
// from starting.
func PlanID(clusterID, unique string) string { return PlansOf(clusterID) + unique }

// PlannedCluster takes the cluster id out of the id of a dry run; false when the workflow id is not one.
func PlannedCluster(workflowID string) (string, bool) {
	rest, ok := strings.CutPrefix(workflowID, planIDPrefix)
	id, unique, more := strings.Cut(rest, "/")
	return id, ok && more && unique != "" && ValidClusterID(id)
}

// ExecsOf begins the ids of all commands that operators run on nodes of the cluster. Any number of them may run, beside an
// operation too.
func ExecsOf(clusterID string) string { return execIDPrefix + clusterID + "/" }

// ExecID is an id for one of them.
func ExecID(clusterID, unique string) string { return ExecsOf(clusterID) + unique }

var backupID = regexp.MustCompile(`^s-[a-z0-9]{8}$`)

// ValidBackupID says whether id has the form s-xxxxxxxx (8 lower-case letters or digits).
func ValidBackupID(id string) bool { return backupID.MatchString(id) }

var clusterID = regexp.MustCompile(`^cl-[a-z0-9]{8}$`)

// ValidClusterID says whether id has the form cl-xxxxxxxx (8 lower-case letters or digits).
func ValidClusterID(id string) bool { return clusterID.MatchString(id) }

var nodeID = regexp.MustCompile(`^cln-[a-z0-9]{8}$`)

// ValidNodeID says whether id has the form cln-xxxxxxxx (8 lower-case letters or digits).
func ValidNodeID(id string) bool { return nodeID.MatchString(id) }

// ClusterIDOf takes the cluster id out of a workflow id; false when the workflow id is not `cluster/cl-xxxxxxxx`.
func ClusterIDOf(workflowID string) (string, bool) {
	id, ok := strings.CutPrefix(workflowID, workflowIDPrefix)
	return id, ok && ValidClusterID(id)
}
