package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"drover/activities"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/remote"
	"drover/tests/apps/builder"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows"
	"drover/workflows/api"
)

// patience is far beyond what any refusal needs, also on a loaded machine.
const patience = time.Minute

const workflowID = "cluster/cl-bad00001"

// world has one cluster of one node, as fakes.
type world struct {
	store    *fakes.Store
	provider *fakeprovider.Provider
	agents   *fakes.Agents
	acts     *activities.Activities
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: fakes.NewStore(), provider: fakeprovider.New(fakeprovider.Options{})}
	w.agents = fakes.NewAgents(w.store)
	w.acts = activities.New(activities.Dependencies{
		KeyPairs: remote.NewKeyPair,
		Records:  w.store, Trees: w.store, Apps: w.store, Ledger: w.store, Agents: w.agents,
		Providers: map[string]providers.Provider{"fake": w.provider}, DefaultProvider: "fake",
		AuthorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test",
		NodeConsul:    "http://127.0.0.1:8500", KVPrefix: "drover", Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	archive, err := application("").Archive()
	require.NoError(t, err)
	require.NoError(t, w.store.PutApp(t.Context(), metadata.App{AppID: "bad", VersionID: "1", Archive: archive}))
	require.NoError(t, w.run(workflowID, api.CreateCluster, `{"app": "bad"}`))
	return w
}

// application is one whose clusters link to another, unless that is "".
func application(link string) *builder.App {
	a := builder.New("bad", builder.NewRole("", 1).Boots("fake", "img").Runs("run", "start")).Scalable()
	if link != "" {
		a.Set("links", builder.Object{"up": link})
	}
	return a
}

// run starts an operation with the bytes of its input; the failure comes as the fault that callers see.
func (w *world) run(id, operation, input string) error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: api.TaskQueue})
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Faults(), fakes.RunID("run-" + id)}, DeadlockDetectionTimeout: patience})
	env.SetTestTimeout(patience)
	workflows.Register(env, w.acts)
	env.ExecuteWorkflow(operation, converter.NewRawValue(&commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)}, Data: []byte(input),
	}))
	err := env.GetWorkflowError()
	var app *temporal.ApplicationError
	var f fault.Fault
	if err != nil && errors.As(err, &app) && app.Details(&f) == nil {
		return &f
	}
	return err
}

// digest is all that an operation could have changed.
func (w *world) digest(t *testing.T) string {
	t.Helper()
	var records []*lifecycle.Record
	require.NoError(t, w.store.EachRecord(t.Context(), func(rec *lifecycle.Record) error {
		records = append(records, rec)
		return nil
	}))
	apps, err := w.store.Apps(t.Context())
	require.NoError(t, err)
	var b bytes.Buffer
	in := json.NewEncoder(&b)
	require.NoError(t, in.Encode(records))
	require.NoError(t, in.Encode(apps))
	for _, r := range records {
		require.NoError(t, in.Encode(w.store.History(r.ClusterID)))
	}
	require.NoError(t, in.Encode(w.provider.Everything()))
	require.NoError(t, in.Encode(len(w.provider.Calls())))
	require.NoError(t, in.Encode(len(w.agents.Ran())))
	return b.String()
}

// Inputs that are refused, as callers see it, and change nothing.
func TestRefusedInputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ operation, input, tells string }{
		{api.CreateCluster, `null`, "one JSON object, got null"},
		{api.CreateCluster, `[]`, "one JSON object, got a list"},
		{api.CreateCluster, `"etcd"`, "one JSON object, got a text"},
		{api.CreateCluster, `7`, "one JSON object, got a number"},
		{api.CreateCluster, `{"app": "bad"`, "at byte 13"},
		{api.CreateCluster, `{"app": "bad"} x`, "at byte 16"},
		{api.CreateCluster, "\ufeff{}", "at byte 1"},
		{api.CreateCluster, `{"app": NaN}`, "at byte 9"},
		{api.CreateCluster, strings.Repeat(`{"values":`, 20000), "one JSON object"},
		{api.CreateCluster, `{}`, "app: required"},
		{api.CreateCluster, ``, "app: required"},
		{api.CreateCluster, `{"app": ""}`, "app: required"},
		{api.CreateCluster, `{"app": "../etcd"}`, `app: "../etcd"`},
		{api.CreateCluster, `{"app": "a b"}`, `app: "a b"`},
		{api.CreateCluster, `{"app": "a\u0000b"}`, `app: "a\x00b"`},
		{api.CreateCluster, `{"app": "` + strings.Repeat("a", 64) + `"}`, "1 to 63"},
		{api.CreateCluster, `{"app": 5}`, "app: want a text, got a number"},
		{api.CreateCluster, `{"app": {"id": "x"}}`, "app: want a text, got an object"},
		{api.CreateCluster, `{"app": "bad", "version": "1/2"}`, `version: "1/2"`},
		{api.CreateCluster, `{"app": "bad", "on_failure": "explode"}`, `on_failure: "explode"`},
		{api.CreateCluster, `{"app": "bad", "barrier_timeout": "soon"}`, `barrier_timeout: "soon"`},
		{api.CreateCluster, `{"app": "bad", "barrier_timeout": "-5m"}`, `barrier_timeout: "-5m"`},
		{api.CreateCluster, `{"app": "bad", "barrier_timeout": "0s"}`, `barrier_timeout: "0s"`},
		{api.CreateCluster, `{"app": "bad", "barrier_timeout": "99999h"}`, "from 1s to 24h"},
		{api.CreateCluster, `{"app": "bad", "barrier_timeout": 60}`, "barrier_timeout: want a text, got a number"},
		{api.CreateCluster, `{"app": "bad", "dry_run": "yes"}`, "dry_run: want true or false, got a text"},
		{api.CreateCluster, `{"app": "bad", "App": "bad"}`, `unknown field "App"`},
		{api.CreateCluster, `{"app": "bad", "app": "good"}`, "app: given twice"},
		{api.CreateCluster, `{"app": "bad", "values": [1]}`, "values: want an object, got a list"},
		{api.CreateCluster, `{"app": "bad", "values": "i=3"}`, "values: want an object, got a text"},
		{api.AddNodes, `{}`, "count: 0"},
		{api.AddNodes, `{"count": -3}`, "count: -3"},
		{api.AddNodes, `{"count": 2.5}`, "count: want a whole number, got a fraction"},
		{api.AddNodes, `{"count": 99999999999999999999}`, "too large"},
		{api.AddNodes, `{"count": 1e3000}`, "too large"},
		{api.AddNodes, `{"count": 2000000000}`, "count: 2000000000; at most 10000"},
		{api.AddNodes, `{"count": "2"}`, "count: want a whole number, got a text"},
		{api.AddNodes, `{"count": 1, "count": 100}`, "count: given twice"},
		{api.DeleteNodes, `{}`, "nodes: required"},
		{api.DeleteNodes, `{"nodes": "cln-1"}`, "nodes: want a list, got a text"},
		{api.DeleteNodes, `{"nodes": [1]}`, "nodes: want a text in a list, got a number"},
		{api.DeleteNodes, `{"nodes": [["a"]]}`, "nodes: want a text in a list, got a list"},
		{api.DeleteNodes, `{"nodes": []}`, "nodes: required"},
		{api.ScaleVertical, `{}`, "one of cpu (cores), memory (MiB) and volume_size"},
		{api.ScaleVertical, `{"cpu": -1}`, "cpu: -1"},
		{api.ScaleVertical, `{"memory": "4G"}`, "memory: want a whole number, got a text"},
		{api.ScaleVertical, `{"volume_size": 0.5}`, "volume_size: want a whole number, got a fraction"},
		{api.ScaleVertical, `{"cpu": 2, "vcpu": 2}`, `unknown field "vcpu"`},
		{api.UpgradeCluster, `{}`, `version: ""`},
		{api.UpgradeCluster, `{"version": "1; reboot"}`, `version: "1; reboot"`},
		{api.UpgradeCluster, `{"version": 2}`, "version: want a text, got a number"},
		{api.DowngradeCluster, `{"version": "1"}`, `unknown field "version"`},
		{api.StartCluster, `{"force": true}`, `unknown field "force"`},
		{api.StopCluster, `[{}]`, "one JSON object, got a list"},
		{api.RestartCluster, `{"role": 5}`, "role: want a text, got a number"},
		{api.RunService, `{}`, "service: required"},
		{api.RunService, `{"service": ["x"]}`, "service: want a text, got a list"},
		{api.RunService, `{"service": "x", "params": "y"}`, "params: want an object, got a text"},
		{api.RepairCluster, `{"nodes": "cln-00000001"}`, "nodes: want a list, got a text"},
		{api.RepairCluster, `{"nodes": [5]}`, "nodes: want a text in a list, got a number"},
		{api.UpdateEnv, `{}`, "values: required"},
		{api.UpdateEnv, `{"values": {}}`, "values: required"},
		{api.UpdateEnv, `{"values": null}`, "values: required"},
		{api.DeleteCluster, `null`, "one JSON object, got null"},
		{api.DeleteCluster, `{"force": 1}`, "force: want true or false, got a number"},
		{api.DeleteCluster, `{"force": true, "force": false}`, "force: given twice"},
		{api.DeleteCluster, `{"yes": true}`, `unknown field "yes"`},
		{api.DescribeCluster, `{"cluster_id": "cl-1"}`, `cluster_id: "cl-1"`},
		{api.DescribeCluster, `{"cluster_id": "cl-../../../"}`, "cl-xxxxxxxx"},
		{api.PublishApp, `{"app": "x", "version": "1"}`, "archive: required"},
		{api.PublishApp, `{"app": "x", "version": "1", "archive": "???"}`, "archive: want base64 text"},
		{api.PublishApp, `{"app": "x", "version": "1", "archive": "aGVsbG8="}`, "not a tar"},
	} {
		name := c.operation + " " + c.input
		if len(name) > 80 {
			name = name[:80]
		}
		w.refuses(t, name, workflowID, c.operation, c.input, fault.Invalid, c.tells)
	}
	for _, id := range []string{"", "cl-bad00001", "cluster/", "cluster/CL-BAD00001", "cluster/cl-bad0001", "cluster/cl-bad00001/x", "cluster/../cl-bad1", "cluster/cl-bad00001\n", "Cluster/cl-bad00001"} {
		if id != "" {
			w.refuses(t, "workflow id "+id, id, api.DeleteCluster, `{}`, fault.Invalid, "cluster/cl-xxxxxxxx")
		}
	}
	w.publishLinking(t, "linking", "cl-bad00001")
	w.publishLinking(t, "nowhere", "cl-nowhere0")
	require.NoError(t, w.run("cluster/cl-bad00002", api.CreateCluster, `{"app": "linking"}`))
	w.past(t, "cl-bad00001")
	w.refuses(t, "deletion of a cluster others link to", workflowID, api.DeleteCluster, `{}`, fault.NotAllowed, "cl-bad00002 (link up)")
	w.refuses(t, "plan of it", workflowID, api.DeleteCluster, `{"dry_run": true}`, fault.NotAllowed, "cl-bad00002 (link up)")
	w.refuses(t, "link to a cluster that is not there", "cluster/cl-bad00003", api.CreateCluster, `{"app": "nowhere"}`, fault.Invalid,
		`link "up": cluster cl-nowhere0 does not exist`)
}

// past gives the creation of a cluster a run of its own: all runs of the test environment have the same id.
func (w *world) past(t *testing.T, id string) {
	t.Helper()
	rec, index, err := w.store.Record(t.Context(), id)
	require.NoError(t, err)
	rec.Operation.RunID = "its-creation"
	_, err = w.store.PutRecord(t.Context(), rec, index)
	require.NoError(t, err)
}

// publishLinking publishes an application whose clusters link to one.
func (w *world) publishLinking(t *testing.T, app, id string) {
	t.Helper()
	archive, err := application(id).Archive()
	require.NoError(t, err)
	require.NoError(t, w.store.PutApp(t.Context(), metadata.App{AppID: app, VersionID: "1", Archive: archive}))
}

// refuses runs an operation that is refused and changes nothing.
func (w *world) refuses(t *testing.T, name, id, operation, input string, kind fault.Type, want string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		before := w.digest(t)
		err := w.run(id, operation, input)
		require.True(t, fault.Is(err, kind), "want %s: %#v", kind, err)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, w.digest(t), "it changed something")
	})
}
