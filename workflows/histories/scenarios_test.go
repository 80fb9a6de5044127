package histories

import (
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"drover/fault"
	"drover/lifecycle"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

// Flavours that every operation on a cluster is recorded in.
const (
	happy     = "happy"
	failed    = "failed"    // by a command or the provider, and undone as far as the procedure does
	cancelled = "cancelled" // in the middle of a step
	midflight = "midflight" // in the middle of a step, not ended
)

// scenario is one recording: testdata/<operation>-<flavour>.json.
type scenario struct {
	operation string
	flavour   string
	ends      enumspb.EventType // of the last event; 0: the workflow is still open
	app       app
	before    func(*world) // what the cluster has gone through
	mishap    mishap       // what happens during the operation
	input     func(*world) any
	at        string // where a cancelled or open operation is held
	words     []word // what an operator says each time the operation is held; then it ends, or stays open
}

// word is what an operator says to a held operation.
type word struct {
	api.Resolution
	repairs bool // what failed, before he says so
}

// mishap is why an operation fails.
type mishap struct {
	do   func(*world)
	says string // stands in the workflow's error
}

func (s scenario) name() string { return s.operation + "-" + s.flavour }

// Ends of workflows.
const (
	completed = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
	failure   = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
	canceled  = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
	open      = enumspb.EVENT_TYPE_UNSPECIFIED
)

// scenarios is the one table of what is recorded and replayed.
func scenarios() []scenario {
	create := input(api.CreateClusterInput{App: "small", Version: "1"})
	scale := input(api.ScaleVerticalInput{Role: "a", CPU: 2, VolumeSize: 2})
	var all []scenario
	for _, s := range []struct {
		operation string
		before    func(*world)
		input     func(*world) any
		at        string
		fault     mishap
	}{
		{api.CreateCluster, nothing, create, "start", failing("start")},
		{api.DeleteCluster, active, input(api.DeleteClusterInput{}), "stop", failing("destroy")},
		{api.AddNodes, active, input(api.AddNodesInput{Role: "a", Count: 1}), "init", failing("init")},
		{api.DeleteNodes, active, deleteOne, "scale_in", failing("scale_in")},
		{api.ScaleVertical, active, scale, "start", broken("ResizeInstance")},
		{api.UpgradeCluster, active, input(api.UpgradeClusterInput{Version: "2"}), "upgrade", failing("upgrade")},
		{api.DowngradeCluster, upgradeFailed, input(api.DowngradeClusterInput{}), "start", failing("start")},
		{api.StartCluster, stopped, input(api.StartClusterInput{}), "start", failing("start")},
		{api.StopCluster, active, input(api.StopClusterInput{}), "stop", failing("stop")},
		{api.RestartCluster, active, input(api.RestartClusterInput{}), "restart", failing("restart")},
		{api.RunService, active, input(api.RunServiceInput{Service: "rotate"}), "rotate", failing("rotate")},
		{api.RepairCluster, active, repairOne, "start", failing("start")},
		{api.UpdateEnv, active, input(api.UpdateEnvInput{Values: map[string]any{"env.quota": 2}}), barrier, failing(barrier)},
		{api.RecoverCluster, binned, input(api.RecoverClusterInput{}), "start", failing("start")},
	} {
		all = append(all,
			scenario{s.operation, happy, completed, small(), s.before, none, s.input, "", nil},
			scenario{s.operation, failed, failure, small(), s.before, s.fault, s.input, "", nil},
			scenario{s.operation, cancelled, canceled, small(), s.before, none, s.input, s.at, nil},
			scenario{s.operation, midflight, open, small(), s.before, none, s.input, s.at, nil},
		)
	}
	for _, s := range []scenario{
		{operation: api.RestoreInPlace, before: activeBackedUp, input: inPlaceLast, at: "restore", mishap: failing("restore"), app: commanded()},
		{operation: api.DeleteBackup, before: activeBackedUp, input: deleteLast, at: "delete_snapshot", mishap: failing("delete_snapshot"), app: commanded()},
		{operation: api.BackupCluster, before: active, input: input(api.BackupClusterInput{}), at: "backup", mishap: failing("backup"), app: stored()},
		{operation: api.RestoreCluster, before: backedUp, input: restoreLast, at: "restore", mishap: failing("restore"), app: stored()},
		{operation: api.VerifyBackup, before: backedUp, input: verifyLast, at: "restore", mishap: failing("restore"), app: stored()},
	} {
		all = append(all,
			scenario{s.operation, happy, completed, s.app, s.before, none, s.input, "", nil},
			scenario{s.operation, failed, failure, s.app, s.before, s.mishap, s.input, "", nil},
			scenario{s.operation, cancelled, canceled, s.app, s.before, none, s.input, s.at, nil},
			scenario{s.operation, midflight, open, s.app, s.before, none, s.input, s.at, nil},
		)
	}
	return append(all,
		// Reads have no middle.
		scenario{api.DescribeCluster, happy, completed, small(), active, none, describe, "", nil},
		scenario{api.DescribeCluster, failed, failure, small(), nothing, mishap{nothing, "does not exist"}, describe, "", nil},
		scenario{api.ListClusters, happy, completed, small(), active, none, input(api.ListClustersInput{}), "", nil},
		scenario{api.ListClusters, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.PublishApp, happy, completed, small(), nothing, none, archive, "", nil},
		scenario{api.PublishApp, failed, failure, small(), nothing, mishap{nothing, "archive"}, noArchive, "", nil},
		scenario{api.ListApps, happy, completed, small(), nothing, none, input(api.ListAppsInput{}), "", nil},
		scenario{api.ListApps, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.YankApp, happy, completed, small(), nothing, none, input(api.YankAppInput{App: "small", Version: "2"}), "", nil},
		scenario{api.YankApp, failed, failure, small(), nothing, mishap{nothing, "is not published"}, input(api.YankAppInput{App: "small", Version: "9"}), "", nil},
		scenario{api.UnpublishApp, happy, completed, small(), nothing, none, input(api.UnpublishAppInput{App: "small", Version: "2"}), "", nil},
		scenario{api.UnpublishApp, failed, failure, small(), active, mishap{nothing, "while it is used"}, input(api.UnpublishAppInput{App: "small", Version: "1"}), "", nil},
		scenario{api.ListProviders, happy, completed, small(), nothing, none, input(api.ListProvidersInput{}), "", nil},
		scenario{api.ListProviders, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ListHosts, happy, completed, small(), nothing, none, input(api.ListHostsInput{}), "", nil},
		scenario{api.ListHosts, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ExamineCluster, happy, completed, small(), active, none, func(w *world) any { return api.ExamineClusterInput{ClusterID: w.clusterID} }, "", nil},
		scenario{api.ExamineCluster, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.DescribeApp, happy, completed, small(), active, none, func(*world) any { return api.DescribeAppInput{App: "small"} }, "", nil},
		scenario{api.DescribeApp, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.DescribeValues, happy, completed, small(), active, none, func(w *world) any { return api.DescribeValuesInput{ClusterID: w.clusterID} }, "", nil},
		scenario{api.DescribeValues, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.PreviewFiles, happy, completed, small(), active, none, func(w *world) any {
			return api.PreviewFilesInput{ClusterID: w.clusterID, Upgrade: &api.UpgradeClusterInput{Version: "next"}}
		}, "", nil},
		scenario{api.PreviewFiles, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ReadLogs, happy, completed, small(), active, none, func(w *world) any { return api.ReadLogsInput{ClusterID: w.clusterID} }, "", nil},
		scenario{api.ReadLogs, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.EditCluster, happy, completed, small(), active, none, func(w *world) any { return api.EditClusterInput{ClusterID: w.clusterID, Name: "noted"} }, "", nil},
		scenario{api.EditCluster, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ExecCommand, happy, completed, small(), active, none, look, "", nil},
		scenario{api.ExecCommand, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ExecCommand, cancelled, canceled, small(), active, none, look, "df", nil},
		scenario{api.DeleteBackup, "orphaned", completed, stored(), backedUp, none, deleteLast, "", nil},
		scenario{api.ListConcerns, happy, completed, small(), active, none, input(api.ListConcernsInput{}), "", nil},
		scenario{api.ListConcerns, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.RestoreInPlace, "refused", failure, stored(), activeBackedUp, mishap{nothing, "cannot be exchanged"}, inPlaceLast, "", nil},
		scenario{api.ListBackups, happy, completed, stored(), activeBackedUp, none, input(api.ListBackupsInput{}), "", nil},
		scenario{api.ListBackups, failed, failure, stored(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ImportBackup, happy, completed, stored(), activeBackedUp, none, importLast, "", nil},
		scenario{api.ImportBackup, failed, failure, stored(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ExportBackup, happy, completed, stored(), activeBackedUp, none, exportLast, "", nil},
		scenario{api.ExportBackup, failed, failure, stored(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.CeaseCluster, happy, completed, small(), binned, none, input(api.CeaseClusterInput{}), "", nil},
		scenario{api.CeaseCluster, "refused", failure, small(), binned, mishap{nothing, "is not up"}, input(api.CeaseClusterInput{Expired: true}), "", nil},
		scenario{api.ScheduledBackup, happy, completed, stored(), active, none, scheduledOnce, "", nil},
		scenario{api.ScheduledBackup, failed, failure, stored(), active, failing("backup"), scheduledOnce, "", nil},
		scenario{api.ScheduledBackup, "skipped", completed, stored(), nothing, none, scheduledOnce, "", nil},
		scenario{api.EmptyBin, happy, completed, small(), nothing, none, input(api.EmptyBinInput{}), "", nil},
		scenario{api.EmptyBin, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.ListOrphans, happy, completed, small(), leftOvers, none, input(api.ListOrphansInput{}), "", nil},
		scenario{api.ListOrphans, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.RetryOrphans, happy, completed, small(), leftOvers, none, input(api.RetryOrphansInput{}), "", nil},
		scenario{api.RetryOrphans, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},
		scenario{api.CollectOrphans, happy, completed, small(), active, none, func(w *world) any { return api.CollectOrphansInput{ClusterID: w.clusterID} }, "", nil},
		scenario{api.CollectOrphans, failed, failure, small(), nothing, mishap{nothing, `unknown field "nmae"`}, unknownField, "", nil},

		// Branches of their own.
		scenario{api.CreateCluster, "planned", completed, small(), nothing, none, input(api.CreateClusterInput{App: "small", Version: "1", Waits: api.Waits{DryRun: true}}), "", nil},
		scenario{api.CreateCluster, "refused", failure, small(), nothing, mishap{nothing, `no application "unheard-of"`}, input(api.CreateClusterInput{App: "unheard-of"}), "", nil},
		scenario{api.CreateCluster, "no-machine", failure, small(), nothing, broken("CreateInstance"), create, "", nil},
		scenario{api.CreateCluster, "kept", failure, small(), nothing, failing("start"), input(api.CreateClusterInput{App: "small", Version: "1", OnFailure: api.OnFailureKeep}), "", nil},
		scenario{api.DeleteCluster, "half-made", completed, small(), kept, none, input(api.DeleteClusterInput{}), "", nil},
		scenario{api.DeleteCluster, "forced", completed, small(), active, failing("destroy"), input(api.DeleteClusterInput{Force: true}), "", nil},
		scenario{api.DeleteCluster, "binned", completed, small(), active, none, input(api.DeleteClusterInput{Keep: "2h"}), "", nil},
		scenario{api.AddNodes, "kept", failure, small(), active, failing("scale_out"), input(api.AddNodesInput{Role: "a", Count: 1}), "", nil},
		scenario{api.DeleteNodes, "guarded", failure, small(), active, failing("destroy"), deleteFirst, "", nil},
		scenario{api.ScaleVertical, "online", completed, small(), active, none, input(api.ScaleVerticalInput{Role: "a", VolumeSize: 2}), "", nil},
		scenario{api.ScaleVertical, "others-stopped", completed, small(), active, none, input(api.ScaleVerticalInput{Role: "b", Memory: 1024}), "", nil},
		scenario{api.ScaleVertical, "sequential", completed, chain(2), active, none, scale, "", nil},
		scenario{api.UpgradeCluster, "sequential", completed, chain(2), active, none, input(api.UpgradeClusterInput{Version: "2"}), "", nil},
		scenario{api.UpgradeCluster, "rolled-back", failure, small(), active, failing("upgrade"), input(api.UpgradeClusterInput{Version: "2", OnFailure: api.OnFailureRollback}), "", nil},
		scenario{api.UpdateEnv, "powered-off", completed, small(), stopped, none, input(api.UpdateEnvInput{Values: map[string]any{"env.quota": 2}}), "", nil},
		scenario{api.RepairCluster, "powered-off", completed, small(), stopped, none, input(api.RepairClusterInput{}), "", nil},
		scenario{api.RepairCluster, "after-death", completed, small(), deadHalfWay, none, input(api.RepairClusterInput{}), "", nil},
		scenario{api.RestartCluster, "after-death", completed, small(), deadHalfWay, none, input(api.RestartClusterInput{}), "", nil},

		// Held, and what operators make of it.
		scenario{api.CreateCluster, "held", open, small(), nothing, failing("start"), input(holding), "", []word{}},
		scenario{api.CreateCluster, "held-retried", completed, small(), nothing, failing("start"), input(holding), "", []word{again, repaired}},
		scenario{api.CreateCluster, "held-unknown", completed, small(), nothing, losing("start"), create, "", []word{again, again}},
		scenario{api.RestartCluster, "held-skipped", completed, small(), active, failing("restart"), input(api.RestartClusterInput{Holds: hold}), "",
			[]word{{api.Resolution{Action: api.ResolveSkip, Reason: "did it by hand", By: "alice"}, true}}},
		scenario{api.DeleteCluster, "held-aborted", failure, small(), active, failing("destroy"), input(api.DeleteClusterInput{Holds: hold}), "",
			[]word{again, {Resolution: api.Resolution{Action: api.ResolveAbort}}}},
	)
}

// How operations are asked to hold, and what is said then.
var (
	hold     = api.Holds{OnFailure: api.OnFailureHold}
	holding  = api.CreateClusterInput{App: "small", Version: "1", OnFailure: api.OnFailureHold}
	again    = word{Resolution: api.Resolution{Action: api.ResolveRetry}}
	repaired = word{api.Resolution{Action: api.ResolveRetry}, true}
)

// What inputs are.

func input(in any) func(*world) any { return func(*world) any { return in } }

func deleteOne(w *world) any {
	members := w.members("a")
	return api.DeleteNodesInput{Nodes: members[len(members)-1:]}
}

func repairOne(w *world) any { return api.RepairClusterInput{Nodes: w.members("a")[:1]} }

func deleteFirst(w *world) any { return api.DeleteNodesInput{Nodes: w.members("a")[:1]} }

func describe(w *world) any { return api.DescribeClusterInput{ClusterID: w.clusterID, Agents: true} }

func look(w *world) any {
	return api.ExecCommandInput{ClusterID: w.clusterID, Node: w.members("a")[0], Command: []string{"/bin/df", "-h", "/data"}}
}

func archive(w *world) any {
	return api.PublishAppInput{App: "fresh", Version: "1", Archive: app{id: "fresh", roles: small().roles}.archive(w.t, 1)}
}

func noArchive(*world) any {
	return api.PublishAppInput{App: "fresh", Version: "1", Archive: []byte("no archive")}
}

func scheduledOnce(w *world) any {
	return api.ScheduledBackupInput{ClusterID: w.clusterID, Window: "03:00-05:00", Keep: 1, Chain: 1}
}

func unknownField(*world) any { return map[string]any{"nmae": "a typing error"} }

// What clusters have gone through.

// leftOvers puts into the orphan ledger what is gone meanwhile.
func leftOvers(w *world) {
	require.NoError(w.t, w.store.PutOrphans(w.ctx, []lifecycle.Orphan{{
		ClusterID: w.clusterID, Provider: "fake", Kind: lifecycle.KindInstance, ID: "i-aaaaaaaa", Why: api.DeleteCluster,
	}}))
}

func nothing(*world) {}

func active(w *world) { w.done(api.CreateCluster, api.CreateClusterInput{App: w.app.id, Version: "1"}) }

func stopped(w *world) {
	active(w)
	w.done(api.StopCluster, api.StopClusterInput{})
}

func binned(w *world) {
	active(w)
	w.done(api.DeleteCluster, api.DeleteClusterInput{Keep: "2h"})
}

func upgradeFailed(w *world) {
	active(w)
	w.nodes.fail("upgrade")
	w.failed(api.UpgradeCluster, api.UpgradeClusterInput{Version: "2"})
	w.nodes.fail("")
}

func kept(w *world) {
	w.nodes.fail("start")
	w.failed(api.CreateCluster, api.CreateClusterInput{App: w.app.id, Version: "1", OnFailure: api.OnFailureKeep})
	w.nodes.fail("")
}

// deadHalfWay leaves an AddNodes that was terminated: nothing was undone.
func deadHalfWay(w *world) {
	active(w)
	gate := w.nodes.hold("init")
	run := w.start(api.AddNodes, api.AddNodesInput{Role: "a", Count: 1})
	w.reach(gate, run)
	w.terminate(run)
	close(gate.open)
}

// What happens meanwhile.

var none = mishap{nothing, ""}

// failing lets nodes fail at a point.
func failing(point string) mishap {
	says := "exit code 77"
	if point == barrier {
		says = "did not apply"
	}
	return mishap{func(w *world) { w.nodes.fail(point) }, says}
}

// losing makes the outcome of a command unknown, once on every node.
func losing(point string) mishap {
	return mishap{func(w *world) { w.nodes.lose(point) }, "its outcome is unknown"}
}

// broken makes the provider refuse the next call of a method.
func broken(method string) mishap {
	return mishap{func(w *world) {
		w.provider.On(fakeprovider.Rule{Method: method, Nth: 1, Fault: fault.New(fault.Invalid, "no machine today")})
	}, "no machine today"}
}
