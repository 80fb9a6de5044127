package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drover/agent/api"
	"drover/agent/client"
	"drover/agent/journal"
	"drover/agent/server"
	"drover/fault"

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

// fakeAgent applies nothing: its revision is what the test says.
type fakeAgent struct {
	revision int64
	cfg      api.Config
	cfgErr   error
	waiting  chan struct{} // a Sync that must wait says so
	ended    chan error    // and how its wait ended
}

func newFakeAgent(revision int64) *fakeAgent {
	return &fakeAgent{revision: revision, waiting: make(chan struct{}, 8), ended: make(chan error, 8)}
}

func (a *fakeAgent) Status() api.Status {
	return api.Status{Version: "test", NodeID: "cln-a", Revision: a.revision, Waiting: "Consul is away"}
}

func (a *fakeAgent) Sync(ctx context.Context, rev int64) (api.SyncResult, error) {
	if rev > a.revision {
		a.waiting <- struct{}{}
		<-ctx.Done()
		a.ended <- ctx.Err()
		return api.SyncResult{}, ctx.Err()
	}
	return api.SyncResult{Revision: a.revision, Changed: 2, Warnings: []api.Warning{{Resource: "a.toml", What: "reload"}}}, nil
}

func (a *fakeAgent) Reload(context.Context) (api.SyncResult, error) {
	return api.SyncResult{Revision: a.revision}, nil
}

func (a *fakeAgent) Preview(_ context.Context, r api.PreviewRequest) (api.PreviewResult, error) {
	return api.PreviewResult{Files: []api.PreviewFile{{Dest: r.Set["self/env/file"]}}}, nil
}
func (a *fakeAgent) EndPassCommand() {}

func (a *fakeAgent) Configure(c api.Config) error {
	a.cfg = c
	return a.cfgErr
}

// serve starts a server over a real journal and gives a client of it.
func serve(t *testing.T, a server.Agent) (*client.Client, string) {
	t.Helper()
	dir := t.TempDir()
	j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "journal")})
	require.NoError(t, err)
	t.Cleanup(j.Close)
	path := filepath.Join(dir, "agent.sock")
	l, err := server.Listen(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.New(a, j, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return client.Unix(path), path
}

func TestCallsRoundTrip(t *testing.T) {
	t.Parallel()
	a := newFakeAgent(4)
	c, path := serve(t, a)
	st, err := c.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, a.Status(), st)
	res, err := c.Sync(t.Context(), api.SyncRequest{Revision: 4, TimeoutSec: 10})
	require.NoError(t, err)
	require.Equal(t, api.SyncResult{Revision: 4, Changed: 2, Warnings: []api.Warning{{Resource: "a.toml", What: "reload"}}}, res)
	res, err = c.Reload(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 4, res.Revision)
	_, err = c.PutConfig(t.Context(), api.Config{Monitor: &api.Monitor{Enable: true, Cmd: "m"}})
	require.NoError(t, err)
	require.Equal(t, "m", a.cfg.Monitor.Cmd)

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestCommandsRoundTrip(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, newFakeAgent(0))
	st, err := c.Launch(t.Context(), "a.start-1_x", api.Command{Cmd: "echo hi; exit 4", TimeoutSec: 60}, time.Minute)
	require.NoError(t, err)
	require.Equal(t, api.StateExited, st.State)
	require.Equal(t, 4, st.ExitCode)
	again, err := c.Attach(t.Context(), "a.start-1_x", 0)
	require.NoError(t, err)
	require.Equal(t, st, again)

	st, err = c.Launch(t.Context(), "long", api.Command{Cmd: "sleep 1000", TimeoutSec: 2000}, 0)
	require.NoError(t, err)
	require.Equal(t, api.StateRunning, st.State)
	st, err = c.Cancel(t.Context(), "long", time.Minute)
	require.NoError(t, err)
	require.True(t, st.Canceled)
}

func TestErrorsKeepTheirTypes(t *testing.T) {
	t.Parallel()
	a := newFakeAgent(4)
	c, path := serve(t, a)
	ctx := t.Context()
	_, err := c.Attach(ctx, "unknown-id", 0)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	_, err = c.Attach(ctx, "../etc/passwd", 0)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	_, err = c.Launch(ctx, "x", api.Command{Cmd: "true"}, 0)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.ErrorContains(t, err, "timeout_sec")
	_, err = c.Launch(ctx, "x", api.Command{Cmd: strings.Repeat("x", 2<<20), TimeoutSec: 1}, 0)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	_, err = c.Sync(ctx, api.SyncRequest{Revision: -1})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	a.cfgErr = fault.New(fault.Conflict, "another node")
	_, err = c.PutConfig(ctx, api.Config{})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	a.cfgErr = errors.New("plain")
	_, err = c.PutConfig(ctx, api.Config{})
	require.True(t, fault.Is(err, fault.Internal), "%v", err)

	_, err = c.Sync(ctx, api.SyncRequest{Revision: 5, TimeoutSec: 1})
	require.True(t, fault.Is(err, fault.BarrierTimeout), "%v", err)
	require.ErrorContains(t, err, "at revision 4; Consul is away")

	preview, err := c.Preview(ctx, api.PreviewRequest{Set: map[string]string{"self/env/file": "/etc/a"}})
	require.NoError(t, err)
	require.Equal(t, "/etc/a", preview.Files[0].Dest)
	_, err = client.Unix(path + "-not-there").Status(ctx)
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	require.True(t, fault.As(err).Retryable)
}

func TestWaitsEndWithTheirCaller(t *testing.T) {
	t.Parallel()
	a := newFakeAgent(0)
	c, _ := serve(t, a)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() {
		_, err := c.Sync(ctx, api.SyncRequest{Revision: 9, TimeoutSec: 3600})
		got <- err
	}()
	<-a.waiting
	cancel()
	require.ErrorIs(t, <-a.ended, context.Canceled, "the server's side of the wait ends too")
	require.ErrorIs(t, <-got, context.Canceled)
}

func TestWaitsEndWithTheAgent(t *testing.T) {
	t.Parallel()
	a := newFakeAgent(0)
	path := filepath.Join(t.TempDir(), "agent.sock")
	l, err := server.Listen(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.New(a, nil, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	got := make(chan error, 1)
	go func() {
		_, err := client.Unix(path).Sync(t.Context(), api.SyncRequest{Revision: 9, TimeoutSec: 3600})
		got <- err
	}()
	<-a.waiting
	cancel()
	require.NoError(t, <-done)
	require.True(t, fault.Is(<-got, fault.Unreachable))
	require.NoFileExists(t, path)
}

func TestTwoAgentsRefuseAndStaleSocketsAreReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sub", "agent.sock")
	l, err := server.Listen(path)
	require.NoError(t, err)
	_, err = server.Listen(path)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	require.NoError(t, l.Close())

	// What a killed agent leaves: a socket that nothing listens on.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	dead.SetUnlinkOnClose(false)
	require.NoError(t, dead.Close())
	require.FileExists(t, path)
	l, err = server.Listen(path)
	require.NoError(t, err)
	conn, err := net.Dial("unix", path)
	require.NoError(t, err)
	conn.Close()
	require.NoError(t, l.Close())
}
