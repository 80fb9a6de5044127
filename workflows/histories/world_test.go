package histories

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"drover/activities"
	"drover/backup/target"
	"drover/providers"
	"drover/remote"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows"
	"drover/workflows/api"
)

// world is one cluster and all it touches: Temporal and the worker are real, everything else is in memory.
type world struct {
	t         *testing.T
	ctx       context.Context // ends the wait for workflows that get stuck
	clusterID string
	app       app
	queue     string
	store     *fakes.Store
	nodes     *nodes
	provider  *fakeprovider.Provider
	backups   *fakes.Backups
}

// patience is how long the operations of one scenario may take together; usually it is a second or two.
const patience = 3 * time.Minute

// newWorld makes a world with a worker of its own, which serves as the real one does (worker/serve.go).
func newWorld(t *testing.T, name string, a app) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	w := &world{
		t: t, ctx: ctx, clusterID: clusterIDOf(name), app: a, queue: "drover-" + name,
		store: fakes.NewStore(), provider: fakeprovider.New(fakeprovider.Options{}), backups: fakes.NewBackups(),
	}
	folders := fakes.NewFolders()
	w.nodes = newNodes(w.store, func(e fakes.Execution) { saves(t, folders, e) })
	acts := activities.New(activities.Dependencies{
		Backups: w.backups, BackupTargets: map[string]target.Target{"main": fakes.NewTarget(), "far": fakes.NewTarget()}, DefaultBackupTarget: "main",
		Folders:  folders,
		KeyPairs: remote.NewKeyPair,
		Records:  w.store, Trees: w.store, Apps: w.store, Ledger: w.store, Agents: w.nodes,
		Providers:       map[string]providers.Provider{"fake": w.provider},
		DefaultProvider: "fake", NodeConsul: "http://127.0.0.1:8500", KVPrefix: "drover",
		AuthorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f recorder",
		Now:           time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	serving := worker.New(temporalClient, w.queue, worker.Options{
		DisableRegistrationAliasing: true, Identity: "recorder",
		Interceptors:                 []interceptor.WorkerInterceptor{activities.Faults()},
		WorkerStopTimeout:            10 * time.Second,
		MaxHeartbeatThrottleInterval: time.Second,
		DeadlockDetectionTimeout:     time.Minute, // this machine may be busy with other tests
	})
	workflows.Register(serving, acts)
	require.NoError(t, serving.Start())
	t.Cleanup(serving.Stop)
	w.publish(a)
	return w
}

// clusterIDOf is the same whenever the recording of that name is made.
func clusterIDOf(name string) string {
	return fmt.Sprintf("cl-%x", sha256.Sum256([]byte(name)))[:len("cl-")+8]
}

// start begins an operation on the world's cluster as the starter does; reads have ids of their own.
func (w *world) start(operation string, input any) client.WorkflowRun {
	w.t.Helper()
	o := client.StartWorkflowOptions{
		ID: api.WorkflowID(w.clusterID), TaskQueue: w.queue, StaticSummary: operation + " of " + w.clusterID,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			attrClusterID.ValueSet(w.clusterID), attrOperation.ValueSet(operation), attrOperationState.ValueSet(api.OpRunning),
		),
	}
	if isRead(operation) {
		o.ID, o.TypedSearchAttributes = "read/"+operation+"/"+w.clusterID, temporal.SearchAttributes{}
	}
	run, err := temporalClient.ExecuteWorkflow(w.ctx, o, operation, input)
	require.NoError(w.t, err)
	return run
}

// isRead says whether a workflow changes no cluster.
func isRead(operation string) bool {
	switch operation {
	case api.DescribeCluster, api.ListClusters, api.PublishApp, api.ListApps, api.YankApp, api.UnpublishApp,
		api.ListOrphans, api.RetryOrphans, api.CollectOrphans, api.ExamineCluster, api.ListProviders, api.ListHosts,
		api.ReadLogs, api.DescribeApp, api.DescribeValues, api.PreviewFiles, api.EditCluster, api.ListBackups, api.ImportBackup, api.ExportBackup, api.ListConcerns, api.EmptyBin, api.ScheduledBackup, api.ExecCommand:
		return true
	}
	return false
}

// done runs an operation that must succeed.
func (w *world) done(operation string, input any) client.WorkflowRun {
	w.t.Helper()
	run := w.start(operation, input)
	require.NoError(w.t, run.Get(w.ctx, nil), operation)
	return run
}

// failed runs an operation that must fail.
func (w *world) failed(operation string, input any) {
	w.t.Helper()
	require.Error(w.t, w.start(operation, input).Get(w.ctx, nil), operation)
}

// terminate ends a run without letting it do anything more.
func (w *world) terminate(run client.WorkflowRun) {
	w.t.Helper()
	require.NoError(w.t, temporalClient.TerminateWorkflow(w.ctx, run.GetID(), run.GetRunID(), "it must die half-way"))
}

// reach waits until a command of the run is held at the gate.
func (w *world) reach(g *gate, run client.WorkflowRun) {
	w.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- run.Get(w.ctx, nil) }()
	select {
	case <-g.reached:
	case err := <-ended:
		require.FailNow(w.t, "the workflow ended before a command came to "+g.at, "%v", err)
	}
}

// held waits until the run is held, after since, and says since when it is.
func (w *world) held(run client.WorkflowRun, since time.Time) time.Time {
	w.t.Helper()
	for {
		value, err := temporalClient.QueryWorkflow(w.ctx, run.GetID(), run.GetRunID(), api.QueryProgress)
		require.NoError(w.t, err)
		var p api.Progress
		require.NoError(w.t, value.Get(&p))
		if p.Held != nil && p.Held.Since.After(since) {
			return p.Held.Since
		}
		require.Zero(w.t, p.EndedAt, "the operation ended before it was held")
		time.Sleep(20 * time.Millisecond)
	}
}

// history reads what the server knows of a run now.
func (w *world) history(run client.WorkflowRun) *historypb.History {
	w.t.Helper()
	return w.historyOf(run.GetID(), run.GetRunID())
}

func (w *world) historyOf(workflowID, runID string) *historypb.History {
	w.t.Helper()
	h := &historypb.History{}
	for it := temporalClient.GetWorkflowHistory(w.ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		event, err := it.Next()
		require.NoError(w.t, err)
		h.Events = append(h.Events, event)
	}
	return h
}

// members are the ids of a role's nodes.
func (w *world) members(role string) []string {
	w.t.Helper()
	rec, _, err := w.store.Record(w.ctx, w.clusterID)
	require.NoError(w.t, err)
	var ids []string
	for _, n := range rec.Nodes {
		if n.Role == role {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
