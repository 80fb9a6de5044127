// Package world is everything that activities touch as fakes, for the tests of each subject. It starts no server and has
// no clock of its own.
package world

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/machines"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
	"drover/remote"
	"drover/specs"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

const (
	// ClusterID is the cluster that the world prepares.
	ClusterID = "cl-test0001"
	// Secret is a password value; nothing that leaves activities may hold it.
	Secret = "hunter2-pa55word"
	// ResultLimit is what one activity may put into a workflow's history, in bytes.
	ResultLimit = 16 << 10
)

// World is what activities touch, as fakes.
type World struct {
	*testing.T
	Store    *fakes.Store
	Agents   *fakes.Agents
	Provider *fakeprovider.Provider
	Deps     activities.Dependencies
	Acts     *activities.Activities
	Logs     *syncBuffer
}

// New makes an empty world.
func New(t *testing.T) *World {
	w := &World{T: t, Store: fakes.NewStore(), Provider: fakeprovider.New(fakeprovider.Options{}), Logs: &syncBuffer{}}
	w.Agents = fakes.NewAgents(w.Store)
	w.Deps = activities.Dependencies{
		KeyPairs: remote.NewKeyPair,
		Records:  w.Store, Trees: w.Store, Apps: w.Store, Ledger: w.Store, Agents: w.Agents,
		Providers: map[string]providers.Provider{"fake": w.Provider}, DefaultProvider: "fake",
		AuthorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test",
		NodeConsul:    "http://127.0.0.1:8500", KVPrefix: "drover",
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Logger: slog.New(slog.NewTextHandler(w.Logs, nil)),
	}
	w.Acts = activities.New(w.Deps)
	return w
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Archive is a package of one role "a" with a password parameter.
func Archive(t testing.TB, count int) []byte { return ArchiveWith(t, count, "") }

// ArchiveWith is Archive with more in cluster.json.
func ArchiveWith(t testing.TB, count int, more string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config.json": `{"type":"array","properties":[
			{"key":"cluster","type":"array","properties":[]},
			{"key":"env","type":"array","properties":[
				{"key":"password","type":"password","required":"no","default":"","changeable":true,"description":"d","label":"l"}]}]}`,
		"cluster.json.mustache": fmt.Sprintf(`{"name":"app",%s"vxnet":"net","endpoints":{"client":{"port":2379,"protocol":"tcp"}},
			"nodes":[{"role":"a","count":%d,"cpu":1,"memory":512,"container":{"type":"fake","image":"image-1"},
			"volume":{"size":1,"mount_point":"/data"},"env":{"password":{{env.password}}},
			"services":{"init":{"cmd":"init"},"start":{"cmd":"start","timeout":30,"pre_check":"check"},
				"custom job":{"cmd":"job","type":"custom"}},
			"custom_metadata":{"cmd":"token"}}]}`, more, count),
		"locale/en.json": `{"err_code77": "the data is still needed"}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	pkg, err := specs.Open(dir)
	require.NoError(t, err)
	data, err := pkg.Archive()
	require.NoError(t, err)
	return data
}

// PublishApp publishes application "app", version "1", with count nodes.
func (w *World) PublishApp(count int) {
	w.Helper()
	require.NoError(w, w.Store.PutApp(w.Context(), metadata.App{
		AppID: "app", VersionID: "1", Archive: Archive(w, count), PublishedAt: "2026-01-01T00:00:00Z",
	}))
}

// Cluster prepares a cluster of n nodes whose password is the Secret.
func (w *World) Cluster(n int) *lifecycle.Record {
	w.Helper()
	w.PublishApp(n)
	_, err := w.Acts.Records.PrepareCreate(w.Context(), records.PrepareCreateInput{
		ClusterID: ClusterID, RunID: "run-1",
		Create: api.CreateClusterInput{App: "app", Values: map[string]any{"env.password": Secret}},
	})
	require.NoError(w, err)
	rec := w.Record()
	require.Contains(w, rec.Spec.Secrets, Secret, "the package marks it as a password")
	return rec
}

// Running is a cluster whose machines and agents are up, at revision 1.
func (w *World) Running(n int) *lifecycle.Record {
	w.Helper()
	rec := w.Cluster(n)
	require.NoError(w, w.Acts.Machines.Provision(w.Context(), machines.NodesInput{ClusterID: ClusterID, Nodes: IDs(rec)}))
	require.NoError(w, w.Acts.Publish.Publish(w.Context(), publish.PublishInput{ClusterID: ClusterID, RunID: w.Record().Operation.RunID, Revision: 1}))
	_, err := w.Acts.Agents.StartAgents(w.Context(), agents.BarrierInput{ClusterID: ClusterID, Step: "CC3", Nodes: IDs(rec), Revision: 1, TimeoutSec: 60})
	require.NoError(w, err)
	return w.Record()
}

// Record reads the control record, which must exist.
func (w *World) Record() *lifecycle.Record {
	w.Helper()
	rec, _, err := w.Store.Record(w.Context(), ClusterID)
	require.NoError(w, err)
	return rec
}

// IDs are the ids of a record's nodes.
func IDs(rec *lifecycle.Record) []string {
	var out []string
	for _, n := range rec.Nodes {
		out = append(out, n.ID)
	}
	return out
}

// RequireFault expects a fault of that type and returns it.
func (w *World) RequireFault(want fault.Type, err error) *fault.Fault {
	w.Helper()
	require.Truef(w, fault.Is(err, want), "want %s: %v", want, err)
	return fault.As(err)
}

// JSON is v as a workflow's history has it.
func JSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

// Environment runs activities as a worker does.
func Environment() *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return suite.NewTestActivityEnvironment()
}

// Gate lets goroutines wait until n of them have come.
type Gate struct {
	mu   sync.Mutex
	left int
	Open chan struct{} // closed once all have come
}

// NewGate makes a gate for n goroutines.
func NewGate(n int) *Gate { return &Gate{left: n, Open: make(chan struct{})} }

// Meet waits for the others; false when ctx ended first.
func (g *Gate) Meet(ctx context.Context) bool {
	g.mu.Lock()
	if g.left--; g.left == 0 {
		close(g.Open)
	}
	g.mu.Unlock()
	select {
	case <-g.Open:
		return true
	case <-ctx.Done():
		return false
	}
}
