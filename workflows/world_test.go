package workflows_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/backup/target"
	"drover/fault"
	"drover/lifecycle"
	"drover/providers"
	"drover/remote"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows"
	"drover/workflows/api"
)

const (
	clusterID     = "cl-test0001"
	authorizedKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test"
)

// tb is a test, or one run of a property.
type tb interface {
	require.TestingT
	Helper()
	Context() context.Context
	TempDir() string
}

// world is everything an operation touches, as fakes: a store, agents and a provider.
type world struct {
	t        tb
	store    *fakes.Store
	agents   *fakes.Agents
	provider *fakeprovider.Provider
	machines *machines
	backups  *fakes.Backups
	target   *fakes.Target
	folders  *fakes.Folders
	acts     *activities.Activities
	inject   *injection // nil: none
	answers  *answers   // what the last operation said to its operator
	operator func(desk) // sits down days after an operation has come to rest; nil: no operator
	running  func(desk) // sits beside an operation while a command hangs (hangs)
	env      *testsuite.TestWorkflowEnvironment
	runs     int
	events   int  // how long the histories of runs are said to be
	died     bool // an operation was terminated since the last one that succeeded
	later    time.Duration
	renewed  int       // how often the last operation went on in another run
	log      io.Writer // what workflows log; nil: nowhere
}

func newWorld(t *testing.T) *world { return newWorldOn(t, fakeprovider.Options{}) }

func newWorldOn(t tb, o fakeprovider.Options) *world {
	w := &world{t: t, store: fakes.NewStore(), provider: fakeprovider.New(o)}
	w.agents = fakes.NewAgents(w.store)
	w.machines = newMachines(w.provider, w.agents)
	w.backups, w.target, w.folders = fakes.NewBackups(), fakes.NewTarget(), fakes.NewFolders()
	w.acts = activities.New(activities.Dependencies{
		Backups: w.backups, BackupTargets: map[string]target.Target{"main": w.target}, DefaultBackupTarget: "main", Folders: w.folders,
		KeyPairs: remote.NewKeyPair,
		Records:  w.store, Trees: w.store, Apps: w.store, Ledger: w.store, Agents: node{w.machines},
		Providers:       map[string]providers.Provider{"fake": w.machines},
		DefaultProvider: "fake", AuthorizedKey: authorizedKey, NodeConsul: "http://127.0.0.1:8500", KVPrefix: "drover",
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(w.later) }, Logger: slog.New(slog.DiscardHandler),
	})
	return w
}

// publish makes an application of the given roles (cluster.json's nodes) available.
func (w *world) publish(app string, nodes ...map[string]any) {
	w.t.Helper()
	w.publishAs(app, "1", nil, nodes...)
}

// nodes makes one entry of cluster.json's nodes; services are "name" or "name attribute=value ...".
func nodes(role string, count int, services ...string) map[string]any {
	defined := map[string]any{}
	for _, s := range services {
		words := strings.Fields(s)
		service := map[string]any{"cmd": "run " + words[0]}
		for _, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			var v any
			if json.Unmarshal([]byte(value), &v) != nil {
				v = value
			}
			service[key] = v
		}
		defined[words[0]] = service
	}
	return map[string]any{
		"role": role, "count": count, "cpu": 1, "memory": 512, "services": defined,
		"container": map[string]any{"type": "fake", "image": "image-1"},
		"volume":    map[string]any{"size": 1, "mount_point": "/data"},
	}
}

// run is one operation in the workflow test environment.
type run struct {
	w      *world
	env    *testsuite.TestWorkflowEnvironment
	result api.OperationResult
	err    error
}

// start runs an operation to its end.
func (w *world) start(operation string, input any) *run {
	return w.startAs("cluster/"+clusterID, operation, input)
}

func (w *world) startAs(id, operation string, input any) *run {
	w.t.Helper()
	ids := w.nextRun()
	w.renewed = 0
	args := []any{input}
	for {
		r := w.runOnce(id, operation, ids, args)
		var next *workflow.ContinueAsNewError
		if !errors.As(r.err, &next) {
			return r
		}
		w.renewed++
		args = nil
		for _, p := range next.Input.GetPayloads() {
			args = append(args, converter.NewRawValue(p))
		}
	}
}

func (w *world) runOnce(id, operation string, ids interceptor.WorkerInterceptor, args []any) *run {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(slog.New(slog.NewTextHandler(cmp.Or[io.Writer](w.log, io.Discard), nil))))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: api.TaskQueue})
	interceptors := []interceptor.WorkerInterceptor{activities.Faults(), ids}
	if w.inject != nil {
		w.inject.env = env
		interceptors = append(interceptors, w.inject)
	}
	env.SetWorkerOptions(worker.Options{Interceptors: interceptors, DeadlockDetectionTimeout: time.Minute})
	env.SetTestTimeout(time.Minute)
	env.SetStartTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	workflows.Register(env, w.acts)
	env.OnWorkflow(api.RetryOrphans, mock.Anything, mock.Anything).Return(api.ReleasedOrphans{}, nil).Maybe() // tests retry themselves
	if operation != api.EmptyBin {
		env.OnWorkflow(api.EmptyBin, mock.Anything, mock.Anything).Return(api.DueClusters{}, nil).Maybe() // likewise
	}
	w.env = env
	w.attend(env)
	env.SetCurrentHistoryLength(w.events)
	env.ExecuteWorkflow(operation, args...)
	require.True(w.t, env.IsWorkflowCompleted())
	r := &run{w: w, env: env, err: env.GetWorkflowError()}
	if r.err == nil {
		require.NoError(w.t, env.GetWorkflowResult(&r.result))
	}
	return r
}

// create makes the cluster and expects success.
func (w *world) create(app string) *run {
	w.t.Helper()
	r := w.start(api.CreateCluster, api.CreateClusterInput{App: app})
	require.NoError(w.t, r.err)
	return r
}

// commands are what ran, in order, as "CC4 start a/1".
func (w *world) commands() []string {
	var out []string
	for _, e := range w.agents.Ran() {
		out = append(out, e.Describe())
	}
	return out
}

// record reads the control record; nil when there is none.
func (w *world) record() *lifecycle.Record {
	rec, _, err := w.store.Record(w.t.Context(), clusterID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	require.NoError(w.t, err)
	return rec
}

// resources counts what the provider holds for the cluster.
func (w *world) resources() int {
	res, err := w.provider.List(w.t.Context(), clusterID)
	require.NoError(w.t, err)
	return len(res.Instances) + len(res.Volumes) + len(res.Networks) + len(res.Snapshots)
}

// nothingLeft asserts that no trace of the cluster remains anywhere.
func (w *world) nothingLeft() {
	w.t.Helper()
	require.Nil(w.t, w.record(), "control record")
	require.Zero(w.t, w.resources(), "resources")
	_, published := w.store.Tree(clusterID)
	require.False(w.t, published, "metadata")
	require.Empty(w.t, w.store.Operation(clusterID))
}

// fault is the failure as callers see it.
func (r *run) fault() fault.Fault {
	r.w.t.Helper()
	require.Error(r.w.t, r.err)
	var app *temporal.ApplicationError
	require.ErrorAs(r.w.t, r.err, &app)
	require.True(r.w.t, app.NonRetryable(), "an operation is started again by people")
	var f fault.Fault
	require.NoError(r.w.t, app.Details(&f))
	require.Equal(r.w.t, string(f.Type), app.Type())
	return f
}

func (r *run) progress() api.Progress {
	value, err := r.env.QueryWorkflow(api.QueryProgress)
	require.NoError(r.w.t, err)
	var p api.Progress
	require.NoError(r.w.t, value.Get(&p))
	return p
}

func (r *run) trace() api.Plan {
	value, err := r.env.QueryWorkflow(api.QueryTrace)
	require.NoError(r.w.t, err)
	var p api.Plan
	require.NoError(r.w.t, value.Get(&p))
	return p
}

// told writes a plan as "CC4 start, order 0: a[1-2] b[1]".
func told(p api.Plan) []string {
	var out []string
	for _, s := range p.Steps {
		text := s.ID + " " + s.Words
		for i, c := range s.Commands {
			if i == 0 {
				text += ":"
			}
			text += fmt.Sprintf(" %s[%s]", c.Role, c.SIDs)
		}
		if s.Skipped != "" {
			text += " (skipped)"
		}
		out = append(out, text)
	}
	return out
}

// requireOrder asserts that commands ran in that order; those joined by " + " ran concurrently, in any order.
func requireOrder(t *testing.T, want, got []string) {
	t.Helper()
	rest := got
	for _, group := range want {
		names := strings.Split(group, " + ")
		require.GreaterOrEqual(t, len(rest), len(names), "too few commands: %v", got)
		require.ElementsMatch(t, names, rest[:len(names)])
		rest = rest[len(names):]
	}
	require.Empty(t, rest, "more commands than expected")
}

// nextRun gives every operation a run id of its own, as the server does; the test environment has one for all.
func (w *world) nextRun() interceptor.WorkerInterceptor {
	w.runs++
	return fakes.RunID(fmt.Sprintf("run-%d", w.runs))
}
