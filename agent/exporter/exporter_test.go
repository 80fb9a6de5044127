package exporter

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/agent/api"
	"drover/metrics"
)

// scrape serves what now says, on this machine's /proc.
func scrape(t *testing.T, now Now) string {
	t.Helper()
	e, err := New(func() Now { return now }, "/proc", "/sys")
	require.NoError(t, err)
	s := httptest.NewServer(e.handler())
	defer s.Close()
	answer, err := http.Get(s.URL + "/metrics")
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}

// items are the samples of the package's own metrics.
func items(body string) []string {
	var out []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "drover_app_") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func TestItems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		item   api.MonitorItem
		object string
		want   string // "" is not served
	}{
		{"number", api.MonitorItem{Name: "keys"}, `{"keys": 7}`, "drover_app_keys 7"},
		{"number as text", api.MonitorItem{Name: "keys"}, `{"keys": " 7.5 "}`, "drover_app_keys 7.5"},
		{"truth", api.MonitorItem{Name: "up"}, `{"up": true}`, "drover_app_up 1"},
		{"scale", api.MonitorItem{Name: "used", Scale: 0.01}, `{"used": 4250}`, "drover_app_used 42.5"},
		{"counter", api.MonitorItem{Name: "requests", Counter: true}, `{"requests": 9}`, "drover_app_requests_total 9"},
		{"counter that says so", api.MonitorItem{Name: "requests_total", Counter: true}, `{"requests_total": 9}`, "drover_app_requests_total 9"},
		{"name", api.MonitorItem{Name: "Get-Latency.ms"}, `{"Get-Latency.ms": 3}`, "drover_app_get_latency_ms 3"},
		{"text", api.MonitorItem{Name: "role", Text: true}, `{"role": "leader"}`, `drover_app_role{value="leader"} 1`},
		{"hostile text", api.MonitorItem{Name: "role", Text: true}, `{"role": "a\"} 1\nx 2"}`, `drover_app_role{value="a\"} 1\nx 2"} 1`},
		{"long text", api.MonitorItem{Name: "role", Text: true}, `{"role": "` + strings.Repeat("ä", 150) + `"}`, `drover_app_role{value="` + strings.Repeat("ä", 100) + `"} 1`},
		{"text for a number", api.MonitorItem{Name: "keys"}, `{"keys": "many"}`, ""},
		{"not a number", api.MonitorItem{Name: "keys"}, `{"keys": "NaN"}`, ""},
		{"object", api.MonitorItem{Name: "keys"}, `{"keys": {"a": 1}}`, ""},
		{"missing", api.MonitorItem{Name: "keys"}, `{}`, ""},
		{"not an item", api.MonitorItem{Name: "keys"}, `{"secret": "s3cret"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := Now{Status: api.Status{Monitor: json.RawMessage(tt.object)}, Items: []api.MonitorItem{tt.item}, Monitors: true, Measured: time.Unix(1000, 0)}
			body := scrape(t, now)
			if tt.want == "" {
				require.Empty(t, items(body))
				return
			}
			require.Equal(t, []string{tt.want}, items(body))
		})
	}
}

// Everything that is served is in the list, with its type and labels, and the machine's part of the list is served here.
func TestTheListIsWhatIsServed(t *testing.T) {
	t.Parallel()
	body := scrape(t, Now{Status: api.Status{ClusterID: "cl-aaaaaaaa", NodeID: "cln-1", Version: "v1", Health: "unhealthy"}, Role: "a", Monitors: true, Measured: time.Unix(1000, 0)})
	listed := map[string]metrics.Metric{}
	for _, m := range metrics.Agent {
		listed[m.Name] = m
	}
	served := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (drover_\S+) (\S+)$`).FindAllStringSubmatch(body, -1) {
		served[found[1]] = true
		require.Contains(t, listed, found[1])
		require.Equal(t, string(listed[found[1]].Kind), found[2], found[1])
	}
	for _, found := range regexp.MustCompile(`(?m)^(drover_\w+)\{(\S+)\} `).FindAllStringSubmatch(body, -1) {
		var labels []string
		for _, l := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(found[2], -1) {
			labels = append(labels, l[1])
		}
		want := slices.Sorted(slices.Values(listed[found[1]].Labels))
		require.Equal(t, want, labels, found[1])
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !strings.HasPrefix(name, "drover_machine_disk_") { // a machine without a disk of its own
			require.True(t, served[name], "%s is listed and not served", name)
		}
	}
	require.Contains(t, body, `drover_node_health{state="unhealthy"} 1`)
	require.Contains(t, body, `drover_node_health{state="healthy"} 0`)
	require.Contains(t, body, `drover_monitor_timestamp_seconds 1000`)
}

// Only metrics are served, and only to be read.
func TestNothingElse(t *testing.T) {
	t.Parallel()
	e, err := New(func() Now { return Now{} }, "/proc", "/sys")
	require.NoError(t, err)
	for path, want := range map[string]int{"/": http.StatusNotFound, "/v1/status": http.StatusNotFound, "/debug/pprof/": http.StatusNotFound} {
		w := httptest.NewRecorder()
		e.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, want, w.Code, path)
	}
	w := httptest.NewRecorder()
	e.handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/metrics", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
}
