package daemon

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"drover/agent/api"
	"drover/agent/client"
	"drover/agent/confd"
	"drover/agent/journal"
	"drover/fault"
	"drover/metadata/pack"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain lets the test binary be the supervisor of the journal's commands, and looks for goroutines left over.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		os.Exit(journal.Supervise(os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

// fakeSource publishes what the test says, and can be away.
type fakeSource struct {
	mu      sync.Mutex
	changed chan struct{}
	revs    map[string]int64 // by cluster
	linked  []string
	away    error
	reads   int
	// operation runs on every cluster
	operation string
	beats     []pack.Beat
}

const self = "cl-self"

func newFakeSource() *fakeSource {
	return &fakeSource{changed: make(chan struct{}), revs: map[string]int64{}}
}

func (s *fakeSource) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *fakeSource) Operation(context.Context, string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.operation, s.away
}

func (s *fakeSource) Beat(_ context.Context, b pack.Beat) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away == nil {
		s.beats = append(s.beats, b)
	}
	return s.away
}

func (s *fakeSource) WaitRevision(ctx context.Context, id string, after int64) (int64, error) {
	for {
		s.mu.Lock()
		rev, away, changed := s.revs[id], s.away, s.changed
		s.mu.Unlock()
		if away != nil {
			return 0, away
		}
		if rev != after {
			return rev, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-changed:
		}
	}
}

func (s *fakeSource) Read(context.Context) (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.away != nil {
		return Snapshot{}, s.away
	}
	rev := s.revs[self]
	if rev == 0 {
		return Snapshot{}, fault.New(fault.NotFound, "nothing published")
	}
	linked := map[string]int64{}
	for _, id := range s.linked {
		linked[id] = s.revs[id]
	}
	return Snapshot{
		Revision: rev, Linked: linked,
		Keys:    func() map[string]string { return map[string]string{"/host/ip": "10.0.0.1"} },
		Secrets: func() []string { return nil },
	}, nil
}

// fakeEngine counts passes; the test may hold one.
type fakeEngine struct {
	mu       sync.Mutex
	applied  []int64
	again    int
	reloads  int
	failed   int
	next     time.Time
	err      error
	warnings []api.Warning
	hold     chan struct{} // when set, a pass says entered and waits for it
	entered  chan int64
	changed  bool
	command  *api.PassCommand
	ended    error // why the command was ended
}

func newFakeEngine() *fakeEngine { return &fakeEngine{entered: make(chan int64, 100)} }

func (e *fakeEngine) Apply(ctx context.Context, rev int64, kv map[string]string) (confd.Result, error) {
	e.mu.Lock()
	e.applied = append(e.applied, rev)
	hold := e.hold
	e.mu.Unlock()
	e.entered <- rev
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return confd.Result{}, ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return confd.Result{Revision: rev, Changed: len(kv), Warnings: e.warnings}, e.err
}

func (e *fakeEngine) last() int64 {
	if len(e.applied) == 0 {
		return 0
	}
	return e.applied[len(e.applied)-1]
}

func (e *fakeEngine) Retry(context.Context) (confd.Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.again++
	e.next, e.changed = time.Time{}, false
	return confd.Result{Revision: e.last(), Warnings: e.warnings}, e.err
}

func (e *fakeEngine) Reload(context.Context) (confd.Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reloads++
	return confd.Result{Revision: e.last(), Changed: 9, Warnings: e.warnings}, e.err
}

func (e *fakeEngine) RetryFailed(context.Context) (confd.Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed++
	e.warnings = nil
	return confd.Result{Revision: e.last()}, e.err
}

func (e *fakeEngine) Running() *api.PassCommand {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.command
}

func (e *fakeEngine) EndCommand(_ time.Time, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.command, e.ended = nil, why
}

func (e *fakeEngine) NextRetry() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.next
}

func (e *fakeEngine) ConfChanged() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changed
}

func (e *fakeEngine) count() (applied []int64, again, reloads int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]int64{}, e.applied...), e.again, e.reloads
}

// node is one agent in a folder of the test's own.
type node struct {
	dir    string
	config api.Config
	source *fakeSource
	engine *fakeEngine
	hup    chan os.Signal
	client *client.Client
	stop   func()
}

func newNode(t *testing.T) *node {
	dir := t.TempDir()
	n := &node{dir: dir, source: newFakeSource(), engine: newFakeEngine(), hup: make(chan os.Signal), stop: func() {},
		client: client.Unix(filepath.Join(dir, "agent.sock")),
		config: api.Config{ClusterID: self, NodeID: "cln-a", InstanceID: "i-a", Consul: "http://127.0.0.1:1"}}
	return n
}

func (n *node) options() Options {
	return Options{
		Version: "test", ConfigFile: filepath.Join(n.dir, "agent.json"), Socket: filepath.Join(n.dir, "agent.sock"),
		JournalDir: filepath.Join(n.dir, "journal"), StateDir: filepath.Join(n.dir, "state"), ConfDir: filepath.Join(n.dir, "confd"),
		HUP: n.hup, Log: slog.New(slog.DiscardHandler), Source: n.source, Engine: n.engine,
	}
}

// start runs the agent until the test ends or stop is called; it returns when the socket answers.
func (n *node) start(t *testing.T, change ...func(*Options)) {
	t.Helper()
	o := n.options()
	for _, c := range change {
		c(&o)
	}
	if _, err := os.Stat(o.ConfigFile); err != nil {
		data, err := json.Marshal(n.config)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(o.ConfigFile, data, 0o600))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	var once sync.Once
	n.stop = func() {
		once.Do(func() {
			cancel()
			require.NoError(t, <-done)
		})
	}
	t.Cleanup(n.stop)
	require.Eventually(t, func() bool {
		select {
		case err := <-done:
			done <- err
			require.NoError(t, err)
		default:
		}
		_, err := n.client.Status(t.Context())
		return err == nil
	}, patience, 2*time.Millisecond)
}

// patience guards against hanging; it measures nothing.
const patience = time.Minute

func (n *node) sync(t *testing.T, rev int64) api.SyncResult {
	t.Helper()
	res, err := n.client.Sync(t.Context(), api.SyncRequest{Revision: rev, TimeoutSec: 60})
	require.NoError(t, err)
	require.GreaterOrEqual(t, res.Revision, rev)
	return res
}

func (n *node) publish(rev int64) {
	n.source.update(func() { n.source.revs[self] = rev })
}

func (n *node) until(t *testing.T, ok func(api.Status) bool) api.Status {
	t.Helper()
	var st api.Status
	require.Eventually(t, func() bool {
		var err error
		st, err = n.client.Status(t.Context())
		return err == nil && ok(st)
	}, patience, 2*time.Millisecond)
	return st
}
