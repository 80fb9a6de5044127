package activities

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

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata/store"
	"drover/providers"
	"drover/specs"
	"drover/tests/fakes"
	"drover/tests/fakes/fakeprovider"
	"drover/workflows/api"
)

const (
	clusterID = "cl-test0001"
	// secret is a password value; nothing that leaves activities may hold it.
	secret = "hunter2-pa55word"
)

// world is what activities touch, as fakes.
type world struct {
	*testing.T
	store    *fakes.Store
	agents   *fakes.Agents
	provider *fakeprovider.Provider
	deps     Dependencies
	acts     *Activities
	log      *syncBuffer
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, store: fakes.NewStore(), provider: fakeprovider.New(fakeprovider.Options{}), log: &syncBuffer{}}
	w.agents = fakes.NewAgents(w.store)
	w.deps = Dependencies{
		Records: w.store, Trees: w.store, Apps: w.store, Ledger: w.store, Agents: w.agents,
		Providers: map[string]providers.Provider{"fake": w.provider}, DefaultProvider: "fake",
		AuthorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test",
		NodeConsul:    "http://127.0.0.1:8500", KVPrefix: "drover",
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	w.acts = New(w.deps)
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

// archive is a package of one role "a" with a password parameter.
func archive(t testing.TB, count int) []byte { return archiveWith(t, count, "") }

// archiveWith is archive with more in cluster.json.
func archiveWith(t testing.TB, count int, more string) []byte {
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

func (w *world) publishApp(count int) {
	w.Helper()
	require.NoError(w, w.store.PutApp(w.Context(), store.App{
		AppID: "app", VersionID: "1", Archive: archive(w, count), PublishedAt: "2026-01-01T00:00:00Z",
	}))
}

// cluster prepares a cluster of n nodes whose password is the secret.
func (w *world) cluster(n int) *lifecycle.Record {
	w.Helper()
	w.publishApp(n)
	_, err := w.acts.PrepareCreate(w.Context(), PrepareCreateInput{
		ClusterID: clusterID, RunID: "run-1",
		Create: api.CreateClusterInput{App: "app", Values: map[string]any{"env.password": secret}},
	})
	require.NoError(w, err)
	rec := w.record()
	require.Contains(w, rec.Spec.Secrets, secret, "the package marks it as a password")
	return rec
}

// running is a cluster whose machines and agents are up, at revision 1.
func (w *world) running(n int) *lifecycle.Record {
	w.Helper()
	rec := w.cluster(n)
	require.NoError(w, w.acts.Provision(w.Context(), NodesInput{ClusterID: clusterID, Nodes: ids(rec)}))
	require.NoError(w, w.acts.Publish(w.Context(), PublishInput{ClusterID: clusterID, Seq: 1, Revision: 1}))
	_, err := w.acts.StartAgents(w.Context(), BarrierInput{ClusterID: clusterID, Step: "CC3", Nodes: ids(rec), Revision: 1, TimeoutSec: 60})
	require.NoError(w, err)
	return w.record()
}

func (w *world) record() *lifecycle.Record {
	w.Helper()
	rec, _, err := w.store.Record(w.Context(), clusterID)
	require.NoError(w, err)
	return rec
}

func ids(rec *lifecycle.Record) []string {
	var out []string
	for _, n := range rec.Nodes {
		out = append(out, n.ID)
	}
	return out
}

func (w *world) requireFault(want fault.Type, err error) *fault.Fault {
	w.Helper()
	require.Truef(w, fault.Is(err, want), "want %s: %v", want, err)
	return fault.As(err)
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

// environment runs activities as a worker does.
func environment() *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return suite.NewTestActivityEnvironment()
}

// gate lets goroutines wait until n of them have come.
type gate struct {
	mu   sync.Mutex
	left int
	open chan struct{}
}

func newGate(n int) *gate { return &gate{left: n, open: make(chan struct{})} }

func (g *gate) meet(ctx context.Context) bool {
	g.mu.Lock()
	if g.left--; g.left == 0 {
		close(g.open)
	}
	g.mu.Unlock()
	select {
	case <-g.open:
		return true
	case <-ctx.Done():
		return false
	}
}
