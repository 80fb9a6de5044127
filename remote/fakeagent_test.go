package remote

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

// fakeAgent speaks the agent's protocol over a journal in memory, which outlives its listener as the real one outlives
// the agent. Commands "run" until the test ends them.
type fakeAgent struct {
	socket string

	mu         sync.Mutex
	begun      *sync.Cond // of mu: a command began
	status     api.Status
	commands   map[string]*fakeCommand
	executions map[string]int
	deletes    int
	applied    chan struct{} // closed when syncs may succeed
	// before is called with every request; true means it has dealt with it.
	before func(w http.ResponseWriter, r *http.Request) bool
	server *http.Server
	clock  atomic.Int32 // a command with another time is stale
	asked  chan string  // receives method and path of every request, if there is a receiver
}

type fakeCommand struct {
	api.CommandStatus
	ended chan struct{}
}

func newFakeAgent(t testing.TB) *fakeAgent {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // socket paths must be short
	require.NoError(t, err)
	a := &fakeAgent{
		socket: filepath.Join(dir, "s"), commands: map[string]*fakeCommand{}, executions: map[string]int{},
		applied: make(chan struct{}), asked: make(chan string, 1000),
	}
	a.begun = sync.NewCond(&a.mu)
	a.listen(t)
	t.Cleanup(func() {
		a.stop()
		_ = os.RemoveAll(dir)
	})
	return a
}

func (a *fakeAgent) listen(t testing.TB) {
	t.Helper()
	ln, err := net.Listen("unix", a.socket)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		reply(w, a.status, nil)
	})
	mux.HandleFunc("GET /v1/now", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, api.Now{Now: strconv.Itoa(int(a.clock.Load()))}, nil)
	})
	mux.HandleFunc("POST /v1/sync", a.sync)
	mux.HandleFunc("PUT /v1/commands/{id}", a.launch)
	mux.HandleFunc("GET /v1/commands/{id}", a.attach)
	mux.HandleFunc("DELETE /v1/commands/{id}", a.cancel)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		before := a.before
		a.mu.Unlock()
		a.asked <- r.Method + " " + r.URL.Path
		if before == nil || !before(w, r) {
			mux.ServeHTTP(w, r)
		}
	})}
	a.mu.Lock()
	a.server = srv
	a.mu.Unlock()
	go func() { _ = srv.Serve(ln) }()
}

// stop ends listener and connections, as a dying agent does.
func (a *fakeAgent) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = a.server.Close()
}

func (a *fakeAgent) intercept(f func(http.ResponseWriter, *http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before = f
}

func (a *fakeAgent) launch(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	var c api.Command
	_ = json.NewDecoder(r.Body).Decode(&c)
	a.mu.Lock()
	if a.commands[id] == nil && c.AsOf != "" && c.AsOf != strconv.Itoa(int(a.clock.Load())) {
		a.mu.Unlock()
		reply(w, nil, fault.New(fault.Unreachable, "stale"))
		return
	}
	if a.commands[id] == nil {
		a.executions[id]++
		st := api.CommandStatus{ID: id, State: api.StateRunning, LastLine: "begun"}
		a.commands[id] = &fakeCommand{CommandStatus: st, ended: make(chan struct{})}
		a.begun.Broadcast()
	}
	a.mu.Unlock()
	a.attach(w, r)
}

func (a *fakeAgent) attach(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	c := a.commands[r.PathValue("id")]
	a.mu.Unlock()
	if c == nil {
		reply(w, nil, fault.New(fault.NotFound, "no such command"))
		return
	}
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	select {
	case <-c.ended:
	case <-time.After(time.Duration(seconds) * time.Second):
	case <-r.Context().Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	reply(w, c.CommandStatus, nil)
}

func (a *fakeAgent) cancel(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.deletes++
	a.finish(r.PathValue("id"), api.CommandStatus{State: api.StateExited, ExitCode: 143, Canceled: true})
	a.mu.Unlock()
	a.attach(w, r)
}

// awaitBegun waits until a command has begun; await returns at its request, shortly before.
func (a *fakeAgent) awaitBegun(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.commands[id] == nil {
		a.begun.Wait()
	}
}

// end ends a command once it has begun.
func (a *fakeAgent) end(id string, st api.CommandStatus) {
	a.awaitBegun(id)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.finish(id, st)
}

// finish needs the lock.
func (a *fakeAgent) finish(id string, st api.CommandStatus) {
	if c := a.commands[id]; c != nil && c.State == api.StateRunning {
		st.ID = id
		c.CommandStatus = st
		close(c.ended)
	}
}

func (a *fakeAgent) sync(w http.ResponseWriter, r *http.Request) {
	var req api.SyncRequest
	_ = json.NewDecoder(r.Body).Decode(&req)
	select {
	case <-a.applied:
		reply(w, api.SyncResult{Revision: req.Revision, Warnings: []api.Warning{{Resource: "a.toml"}}}, nil)
	case <-r.Context().Done():
	case <-time.After(time.Duration(req.TimeoutSec) * time.Second):
		reply(w, nil, fault.New(fault.BarrierTimeout, "not applied"))
	}
}

func reply(w http.ResponseWriter, v any, f *fault.Fault) {
	if f != nil {
		w.WriteHeader(http.StatusBadRequest)
		v = api.Error{Error: f.Message, Type: string(f.Type)}
	}
	_ = json.NewEncoder(w).Encode(v)
}

// await receives requests until the wanted one.
func (a *fakeAgent) await(t testing.TB, want string) {
	t.Helper()
	for {
		select {
		case got := <-a.asked:
			if got == want {
				return
			}
		case <-time.After(time.Minute):
			t.Fatal("no request " + want)
		}
	}
}

func (a *fakeAgent) count(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.executions[id]
}
