package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metrics"
	"drover/worker/telemetry"
)

// Everything that is served under Drover's name is in the list, with its type, and everything in the list is served.
func TestTheListIsWhatIsServed(t *testing.T) {
	t.Parallel()
	m := meters(t)
	s := served(t, m)
	m.Installation(installation(), slog.New(slog.DiscardHandler))
	exercise(m)
	code, body := get(t, s, "/metrics")
	require.Equal(t, http.StatusOK, code)
	kinds := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (drover_\S+) (\S+)$`).FindAllStringSubmatch(body, -1) {
		kinds[found[1]] = found[2]
	}
	listed := map[string]string{}
	for _, l := range slices.Concat(metrics.Worker, metrics.Installation) {
		listed[l.Name] = string(l.Kind)
	}
	require.Equal(t, listed, kinds)
	require.Contains(t, body, `target_info{service_name="drover-worker",service_version="v1"} 1`)
	require.Contains(t, body, "go_goroutines")
	require.Contains(t, body, "process_resident_memory_bytes")
	require.NotContains(t, body, "otel_scope")
	require.Contains(t, body, `temporal_request_latency_seconds_bucket{operation="Poll",le="1800"} 1`, "buckets of calls")
}

// exercise uses every meter once, the SDK's handler as workflows do.
func exercise(m *telemetry.Meters) {
	sdk := m.Handler().WithTags(map[string]string{"namespace": "default", "workflow_type": "AddNodes"})
	sdk.WithTags(map[string]string{"operation": "AddNodes", "outcome": "succeeded"}).Timer("drover_operation_duration").Record(40 * time.Minute)
	sdk.WithTags(map[string]string{"operation": "AddNodes", "outcome": "done", "step": "AN4"}).Timer("drover_step_duration").Record(time.Minute)
	sdk.WithTags(map[string]string{"operation": "AddNodes", "step": "AN4"}).Counter("drover_holds").Inc(1)
	m.Handler().WithTags(map[string]string{"operation": "Poll"}).Timer("temporal_request_latency").Record(20 * time.Minute)
	m.Command("etcd_node/1 start", agentapi.CommandStatus{State: agentapi.StateExited, StartedAt: "2026-01-01T00:00:00Z", EndedAt: "2026-01-01T00:00:07Z"})
	m.Command("etcd_node/1 start", agentapi.CommandStatus{State: agentapi.StateRunning, StartedAt: "2026-01-01T00:00:00Z"})
	m.Barrier(3*time.Second, nil)
	m.Failed("RunStage", "Unreachable")
}

func TestValues(t *testing.T) {
	t.Parallel()
	m := meters(t)
	s := served(t, m)
	m.Installation(installation(), slog.New(slog.DiscardHandler))
	exercise(m)
	_, body := get(t, s, "/metrics")
	for begins, want := range map[string]string{
		`drover_operation_duration_seconds_sum{operation="AddNodes",outcome="succeeded"}`:              "2400",
		`drover_operation_duration_seconds_bucket{operation="AddNodes",outcome="succeeded",le="1800"}`: "0",
		`drover_operation_duration_seconds_bucket{operation="AddNodes",outcome="succeeded",le="3600"}`: "1",
		`drover_holds_total{operation="AddNodes",step="AN4"}`:                                          "1",
		`drover_command_duration_seconds_sum{outcome="succeeded",service="start"}`:                     "7",
		`drover_command_duration_seconds_count{outcome="succeeded",service="start"}`:                   "1",
		`drover_barrier_duration_seconds_sum{outcome="applied"}`:                                       "3",
		`drover_activity_failures_total{activity="RunStage",type="Unreachable"}`:                       "1",
		`drover_clusters{app="etcd",state="active"}`:                                                   "1",
		`drover_concerns{kind="operation-held"}`:                                                       "1",
		`drover_nodes{health="healthy"}`:                                                               "2",
		`drover_nodes{health="unknown"}`:                                                               "1",
		`drover_operations_running{operation="AddNodes"}`:                                              "1",
		`drover_operations_held{operation="AddNodes"}`:                                                 "1",
		`drover_steps_waiting{operation="AddNodes",state="held",step="AN4"}`:                           "1",
		`drover_orphans{kind="volume",provider="local"}`:                                               "1",
		`drover_read_up`: "1",
	} {
		require.Equal(t, want, sample(t, body, begins), begins)
	}
}

// Without Consul the counters of the worker are still served.
func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	m := meters(t)
	s := served(t, m)
	source := installation()
	source.Records = func(context.Context, func(*lifecycle.Record) error) error { return errors.New("no Consul") }
	m.Installation(source, slog.New(slog.DiscardHandler))
	exercise(m)
	_, body := get(t, s, "/metrics")
	require.Equal(t, "0", sample(t, body, "drover_read_up"))
	require.Equal(t, "1", sample(t, body, `drover_holds_total{operation="AddNodes",step="AN4"}`))
	require.NotContains(t, body, "drover_clusters{")
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	s := served(t, meters(t))
	code, body := get(t, s, "/healthz")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "ok\n", body)
	code, body = get(t, s, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, "does not serve its task queue")
	var consul error
	s.Serves(true, telemetry.Check{Name: "Consul", Ask: func(context.Context) error { return consul }})
	code, _ = get(t, s, "/readyz")
	require.Equal(t, http.StatusOK, code)
	consul = errors.New("connection refused")
	code, body = get(t, s, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, "Consul: connection refused")
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := served(t, meters(t))
	_, body := get(t, s, "/sd")
	require.Equal(t, "[]\n", body)
	var broken error
	s.Discover(func(ctx context.Context) ([]telemetry.Target, error) {
		targets := []telemetry.Target{}
		_ = installation().Records(ctx, func(rec *lifecycle.Record) error {
			targets = append(targets, telemetry.Targets(rec, 9465)...)
			return nil
		})
		return targets, broken
	})
	code, body := get(t, s, "/sd")
	require.Equal(t, http.StatusOK, code)
	var targets []telemetry.Target
	require.NoError(t, json.Unmarshal([]byte(body), &targets))
	require.Len(t, targets, 1, "no machine, and switched off: left out")
	require.Equal(t, []string{"127.77.0.5:9465"}, targets[0].Targets)
	require.Equal(t, "a/1", targets[0].Labels["node_label"])
	require.Equal(t, "cl-aaaaaaaa", targets[0].Labels["cluster"])
	broken = errors.New("no Consul")
	code, _ = get(t, s, "/sd")
	require.Equal(t, http.StatusServiceUnavailable, code, "Prometheus keeps the targets it has")
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	first := served(t, meters(t))
	_, err := telemetry.Serve(first.Address(), false, meters(t), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "address already in use")
	second, err := telemetry.Serve(first.Address(), true, meters(t), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(second.Close)
	require.NotEqual(t, first.Address(), second.Address())
	require.True(t, strings.HasPrefix(second.Address(), "127.0.0.1:"))
}
