package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/metadata"
	"drover/worker/telemetry"
	"drover/workflows/api"
)

func meters(t *testing.T) *telemetry.Meters {
	t.Helper()
	m, err := telemetry.NewMeters("v1", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return m
}

func served(t *testing.T, m *telemetry.Meters) *telemetry.Server {
	t.Helper()
	s, err := telemetry.Serve("127.0.0.1:0", false, m, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, s *telemetry.Server, path string) (int, string) {
	t.Helper()
	answer, err := http.Get("http://" + s.Address() + path)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

// sample finds the line of a metric with these labels.
func sample(t *testing.T, body, begins string) string {
	t.Helper()
	for l := range strings.Lines(body) {
		if strings.HasPrefix(l, begins+" ") {
			return strings.TrimSpace(strings.TrimPrefix(l, begins+" "))
		}
	}
	require.Fail(t, "no such sample", "%s in:\n%s", begins, body)
	return ""
}

// installation has two clusters: one with an operation that is held, one that is switched off.
func installation() telemetry.Source {
	records := []*lifecycle.Record{
		{ClusterID: "cl-aaaaaaaa", AppID: "etcd", State: lifecycle.Active, Provider: "local", Operation: lifecycle.Operation{Type: "AddNodes", State: api.OpRunning},
			Nodes: []lifecycle.Node{{ID: "cln-1", Role: "a", SID: 1, IP: "127.77.0.5", InstanceID: "i-1", AgentOn: "i-1"}, {ID: "cln-2", Role: "a", SID: 2}}},
		{ClusterID: "cl-bbbbbbbb", AppID: "redis", State: lifecycle.Stopped, PoweredOff: true,
			Nodes: []lifecycle.Node{{ID: "cln-3", IP: "127.77.0.6", InstanceID: "i-3", AgentOn: "i-3"}}},
	}
	return telemetry.Source{
		Records: func(_ context.Context, f func(*lifecycle.Record) error) error {
			for _, rec := range records {
				if err := f(rec); err != nil {
					return err
				}
			}
			return nil
		},
		Orphans: func(context.Context) ([]lifecycle.Orphan, error) {
			return []lifecycle.Orphan{{Provider: "local", Kind: lifecycle.KindVolume, ID: "vol-1"}}, nil
		},
		Progress: func(context.Context, string) (api.Progress, error) {
			return api.Progress{Operation: "AddNodes", State: api.OpHeld, Steps: []api.Step{{ID: "AN3", State: api.StepDone}, {ID: "AN4", State: api.StepHeld}}}, nil
		},
		Concerns: func(context.Context) ([]lifecycle.Concern, error) {
			return []lifecycle.Concern{{Kind: lifecycle.ConcernHeld}}, nil
		},
		Lives: func(context.Context) (map[string]metadata.Live, error) {
			healthy := func(id string) metadata.LiveNode { return metadata.LiveNode{NodeID: id, Health: "healthy"} }
			return map[string]metadata.Live{
				"cl-aaaaaaaa": {Nodes: []metadata.LiveNode{healthy("cln-1")}}, "cl-bbbbbbbb": {Nodes: []metadata.LiveNode{healthy("cln-3")}},
			}, nil
		},
	}
}
