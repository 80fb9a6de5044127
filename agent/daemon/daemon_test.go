package daemon

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"drover/agent/api"
	"drover/agent/health"
	"drover/fault"
	"drover/metadata/pack"

	"github.com/stretchr/testify/require"
)

func TestSyncWaitsForTheRevision(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.publish(1)
	n.engine.warnings = []api.Warning{{Resource: "a.toml", What: "reload", Message: "exit 1"}}
	n.start(t)
	require.Equal(t, api.SyncResult{Revision: 1, Changed: 1, Warnings: n.engine.warnings}, n.sync(t, 1))
	got := make(chan api.SyncResult)
	go func() {
		res, _ := n.client.Sync(t.Context(), api.SyncRequest{Revision: 3, TimeoutSec: 60})
		got <- res
	}()
	n.publish(2)
	n.sync(t, 2)
	n.publish(3)
	require.EqualValues(t, 3, (<-got).Revision)
	st := n.until(t, func(st api.Status) bool { return st.Waiting == "" })
	require.True(t, st.ConsulOK)
	require.EqualValues(t, 3, st.Revision)
	require.Equal(t, n.engine.warnings, st.Warnings)
	require.Equal(t, "disabled", st.Health)
}

func TestChangesDuringAPassCollapse(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.engine.hold = make(chan struct{})
	n.publish(1)
	n.start(t)
	require.EqualValues(t, 1, <-n.engine.entered)
	require.Contains(t, n.until(t, func(api.Status) bool { return true }).Waiting, "applying revision 1 since")
	_, err := n.client.Sync(t.Context(), api.SyncRequest{Revision: 1, TimeoutSec: 1})
	require.True(t, fault.Is(err, fault.BarrierTimeout), "a pass that still runs is not applied (B2): %v", err)
	require.ErrorContains(t, err, "applying revision 1")
	n.engine.mu.Lock()
	n.engine.command = &api.PassCommand{Kind: "reload", Resource: "a.toml", Cmd: "sleep 1000"}
	n.engine.mu.Unlock()
	st := n.until(t, func(api.Status) bool { return true })
	require.EqualValues(t, 1, st.Pass.Revision)
	require.Equal(t, "a.toml", st.Pass.Command.Resource)
	require.Contains(t, st.Waiting, "it waits for reload_cmd of a.toml since")
	st, err = n.client.EndPassCommand(t.Context())
	require.NoError(t, err)
	require.Nil(t, st.Pass.Command)
	require.ErrorContains(t, n.engine.ended, "cancelled")
	for rev := int64(2); rev <= 30; rev++ {
		n.publish(rev)
	}
	close(n.engine.hold)
	n.sync(t, 30)
	applied, _, _ := n.engine.count()
	require.LessOrEqual(t, len(applied), 3, "29 changes during one pass: %v", applied)
	require.EqualValues(t, 30, applied[len(applied)-1])
}

func TestConsulAwayAtBootAndLater(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.source.away = fault.New(fault.Unreachable, "connection refused")
	n.start(t)
	st := n.until(t, func(st api.Status) bool { return strings.Contains(st.Waiting, "connection refused") })
	require.False(t, st.ConsulOK)
	require.Contains(t, st.Waiting, "since 20")
	n.source.update(func() { n.source.away = nil })
	st = n.until(t, func(st api.Status) bool { return st.ConsulOK && st.Waiting != "" })
	require.Contains(t, st.Waiting, "no metadata is published")
	n.publish(4)
	n.sync(t, 4)
	n.source.update(func() { n.source.away = errors.New("reset"); n.source.revs[self] = 4 })
	n.until(t, func(st api.Status) bool { return !st.ConsulOK && st.Revision == 4 })
	n.source.update(func() { n.source.away = nil })
	n.until(t, func(st api.Status) bool { return st.ConsulOK && st.Waiting == "" })
	n.publish(5)
	n.sync(t, 5)
}

func TestRestartKeepsTheRevisionButNotThePromise(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.engine.warnings = []api.Warning{{Resource: "a.toml", What: "check"}}
	n.publish(7)
	n.start(t)
	n.sync(t, 7)
	n.stop()
	n.source.update(func() { n.source.away = errors.New("gone") })
	n.start(t)
	st := n.until(t, func(st api.Status) bool { return true })
	require.EqualValues(t, 7, st.Revision)
	require.Equal(t, n.engine.warnings, st.Warnings)
	_, err := n.client.Sync(t.Context(), api.SyncRequest{Revision: 7, TimeoutSec: 1})
	require.True(t, fault.Is(err, fault.BarrierTimeout), "what another run applied may have been undone by a reboot: %v", err)
	n.source.update(func() { n.source.away = nil })
	n.sync(t, 7)
}

func TestRevisionGoingBackwardsIsApplied(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.publish(9)
	n.start(t)
	n.sync(t, 9)
	n.publish(3) // Consul restored from a backup
	n.until(t, func(st api.Status) bool { return st.Revision == 3 })
	n.publish(0) // deregistered: files stay as they are
	st := n.until(t, func(st api.Status) bool { return st.Waiting != "" && !strings.Contains(st.Waiting, "applying") })
	require.Contains(t, st.Waiting, "no metadata is published")
	require.EqualValues(t, 3, st.Revision)
}

func TestLinkedClusterChanges(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.source.update(func() { n.source.revs["cl-zk"], n.source.linked = 1, []string{"cl-zk"} })
	n.publish(1)
	n.start(t)
	n.sync(t, 1)
	<-n.engine.entered
	n.source.update(func() { n.source.revs["cl-zk"] = 2 })
	require.EqualValues(t, 1, <-n.engine.entered, "the same revision once more, with what the link shows now")
	n.source.update(func() { n.source.linked = nil })
	n.publish(2)
	n.sync(t, 2)
}

func TestReloadByCallAndBySignal(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.start(t)
	_, err := n.client.Reload(t.Context())
	require.True(t, fault.Is(err, fault.NotAllowed), "%v", err)
	n.publish(1)
	n.sync(t, 1)
	res, err := n.client.Reload(t.Context())
	require.NoError(t, err)
	require.Equal(t, api.SyncResult{Revision: 1, Changed: 9}, res)
	n.hup <- syscall.SIGHUP
	require.Eventually(t, func() bool { _, _, reloads := n.engine.count(); return reloads == 2 }, patience, time.Millisecond)
	require.Equal(t, 1, n.sync(t, 1).Changed, "that of the pass that reached the revision")
}

func TestFailedReloadsAreRetried(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.engine.next = time.Now().Add(-time.Second)
	n.engine.warnings = []api.Warning{{Resource: "a.toml", What: "reload"}}
	n.publish(1)
	n.start(t)
	n.sync(t, 1)
	require.Eventually(t, func() bool { _, again, _ := n.engine.count(); return again == 1 }, patience, time.Millisecond)
}

func TestAFailedPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.engine.err = errors.New("disk full")
	n.publish(1)
	n.start(t)
	n.until(t, func(st api.Status) bool { return strings.Contains(st.Waiting, "disk full") })
	n.engine.mu.Lock()
	n.engine.err = nil
	n.engine.mu.Unlock()
	n.sync(t, 1)
}

func TestIdleDoesNothing(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.publish(1)
	n.start(t)
	n.sync(t, 1)
	n.source.mu.Lock()
	reads := n.source.reads
	n.source.mu.Unlock()
	require.Equal(t, 1, reads)
	d := Daemon{engine: n.engine, plan: schedule{resync: time.Now().Add(resyncEvery), conf: time.Now().Add(confEvery)}}
	require.Greater(t, time.Until(d.nextTime()), 50*time.Second, "the next timer of an idle agent")
}

func TestConfigureIsDurable(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.Token = "hunter2"
	n.start(t)
	before := n.until(t, func(api.Status) bool { return true }).Fingerprint
	_, err := n.client.PutConfig(t.Context(), api.Config{ClusterID: "cl-other"})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	st, err := n.client.PutConfig(t.Context(), api.Config{HealthCheck: &api.HealthCheck{Enable: true, CheckCmd: "true"}})
	require.NoError(t, err)
	require.Equal(t, "unknown", st.Health)
	require.NotEqual(t, before, st.Fingerprint)
	n.stop()
	file := filepath.Join(n.dir, "agent.json")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	c, err := LoadConfig(file)
	require.NoError(t, err)
	require.Equal(t, "hunter2", c.Token, "everything else is kept")
	n.start(t)
	again := n.until(t, func(api.Status) bool { return true })
	require.Equal(t, st.Fingerprint, again.Fingerprint)
	require.Equal(t, "unknown", again.Health)
}

func TestHealthActionRunsThroughTheJournal(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	marker := filepath.Join(n.dir, "fixed")
	n.config.HealthCheck = &api.HealthCheck{Enable: true, IntervalSec: 1, UnhealthyThreshold: 1, HealthyThreshold: 1,
		CheckCmd: "test -e " + marker, ActionCmd: "touch " + marker}
	n.start(t)
	n.until(t, func(st api.Status) bool { return st.Health == "healthy" })
	require.FileExists(t, marker)
}

func TestMetadataOverHTTP(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	free.Close()
	n := newNode(t)
	n.config.MetadataListen = []string{l.Addr().String(), addr}
	n.publish(1)
	n.start(t)
	n.sync(t, 1)
	st := n.until(t, func(st api.Status) bool { return len(st.Warnings) > 0 })
	require.Equal(t, "listen", st.Warnings[0].What, "a taken address is a warning, not the end")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	require.Eventually(t, func() bool {
		res, err := c.Get("http://" + addr + "/self/host/ip")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, patience, 5*time.Millisecond)
}

func TestBadSettingsAreAllNamed(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	file := filepath.Join(n.dir, "agent.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"cluster_id":"a/b","consul":"127.0.0.1:8500","token":"hunter2"}`), 0o600))
	err := Run(t.Context(), n.options())
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.Len(t, fault.As(err).Problems, 4)
	require.NotContains(t, err.Error(), "hunter2")
	require.NoError(t, os.WriteFile(file, []byte(`{`), 0o600))
	require.ErrorContains(t, Run(t.Context(), n.options()), file)
}

func TestTwoAgentsRefuse(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.start(t)
	require.True(t, fault.Is(Run(t.Context(), n.options()), fault.Conflict))
}

func TestHealthChecksRestWhileAnOperationRunsOrNobodyKnows(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	d := &Daemon{cluster: self, source: source, log: slog.New(slog.DiscardHandler)}
	for operation, rests := range map[string]health.Rest{"": health.Awake, "AddNodes": health.AllRest, "stopped": health.AllRest, "maintenance": health.ActionsRest} {
		source.update(func() { source.operation = operation })
		require.Equal(t, rests, d.quiet(t.Context()), operation)
	}
	source.update(func() { source.operation, source.away = "", fault.New(fault.Unreachable, "away") })
	require.Equal(t, health.AllRest, d.quiet(t.Context()))
}

// The node's state is reported at once when it changes, without messages of templates.
func TestTheStateIsReported(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.engine.warnings = []api.Warning{{Resource: "a.toml", What: "reload", Message: "secret"}}
	n.config.HealthCheck = &api.HealthCheck{Enable: true, IntervalSec: 1, UnhealthyThreshold: 1, CheckCmd: "exit 3", ActionCmd: "true"}
	n.publish(1)
	n.start(t)
	require.Eventually(t, func() bool {
		n.source.mu.Lock()
		defer n.source.mu.Unlock()
		return slices.ContainsFunc(n.source.beats, func(b pack.Beat) bool {
			return b.Health == "unhealthy" && b.Reason == "the health check failed 1 times in a row: exit status 3" && b.Since != "" &&
				b.Revision == 1 && slices.Equal(b.Failing, []string{"a.toml: reload"}) && b.FailingSince != ""
		})
	}, patience, 5*time.Millisecond)
	n.source.mu.Lock()
	defer n.source.mu.Unlock()
	require.Equal(t, "unknown", n.source.beats[0].Health)
	seen := map[string]bool{}
	for _, b := range n.source.beats {
		require.False(t, seen[b.At], "two reports are never the same value")
		seen[b.At] = true
	}
}

// What failed before a command is retried when it has ended, and before its end is told.
func TestFailedResourcesAreRetriedAfterACommand(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.engine.warnings = []api.Warning{{Resource: "a.toml", What: "write", Message: "no such account"}}
	n.publish(1)
	n.start(t)
	require.Len(t, n.sync(t, 1).Warnings, 1)
	st, err := n.client.Launch(t.Context(), "init", api.Command{Cmd: "true", TimeoutSec: 60}, patience)
	require.NoError(t, err)
	require.Equal(t, api.StateExited, st.State)
	require.Empty(t, n.sync(t, 1).Warnings)
	failed := func() int {
		n.engine.mu.Lock()
		defer n.engine.mu.Unlock()
		return n.engine.failed
	}
	require.Equal(t, 1, failed())
	for range 2 {
		_, err = n.client.Attach(t.Context(), "init", 0)
		require.NoError(t, err)
	}
	_, err = n.client.Launch(t.Context(), "start", api.Command{Cmd: "true", TimeoutSec: 60}, patience)
	require.NoError(t, err)
	require.Equal(t, 1, failed(), "once, and not without need")
}
