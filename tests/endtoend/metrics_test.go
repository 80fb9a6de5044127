package endtoend

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/starter/process"
	"drover/tests/apps/builder"
)

// visibleWithin is how soon after its creation the metrics of an application are in Prometheus.
const visibleWithin = 75 * time.Second

// Prometheus finds the nodes of a cluster through the worker, and has its monitor's items soon after its creation.
func TestPrometheusScrapesTheInstallation(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus is missing: apt-get install prometheus")
	}
	app, id := "measured-"+activities.RandomID(), newID()
	role := builder.NewRole("a", 2).Boots("local", "bare").Shell(map[string]string{"start": "true", "stop": "true"}).
		Set("monitor", builder.Object{
			"enable": true, "cmd": `echo '{"depth": 4200, "state": "busy", "other": 1}'`,
			"items": builder.Object{
				"depth": builder.Object{"unit": "%", "value_type": "int", "statistics_type": "latest", "scale_factor_when_display": 0.01},
				"state": builder.Object{"unit": "", "value_type": "str", "statistics_type": "latest"},
			},
		})
	dir := t.TempDir()
	require.NoError(t, builder.New(app, role).Write(dir))
	drover(t, "apps", "publish", dir, "--app", app, "--version", "1").OK(t)
	server := prometheus(t, program)
	drover(t, "create", app, "--id", id).OK(t)
	began := time.Now()
	only := fmt.Sprintf("{cluster=%q, app=%q, role=\"a\"}", id, app)
	for query, want := range map[string]int{
		"drover_app_depth" + only + " == 42":                                                              2,
		"drover_app_state{value=\"busy\", cluster=\"" + id + "\"} == 1":                                   2,
		"up" + only + " == 1":                                                                             2,
		"drover_node_memory_bytes" + only + " > 0":                                                        2,
		"drover_clusters{app=\"" + app + "\", state=\"active\"} == 1":                                     1,
		"drover_barrier_duration_seconds_count{outcome=\"applied\"} > 0":                                  1,
		"drover_operation_duration_seconds_count{operation=\"CreateCluster\", outcome=\"succeeded\"} > 0": 1,
	} {
		require.EventuallyWithT(t, func(c *assertT) { require.Equal(c, want, samples(c, server, query), query) },
			max(visibleWithin-time.Since(began), time.Second), time.Second)
	}
	t.Logf("all metrics were visible %s after the creation", time.Since(began).Round(time.Second))
	ready, err := http.Get(servers.WorkerURL() + "/readyz")
	require.NoError(t, err)
	defer ready.Body.Close()
	require.Equal(t, http.StatusOK, ready.StatusCode)
	drover(t, "delete", id, "--yes").OK(t)
	log, err := os.ReadFile(servers.LogFile("drover-worker"))
	require.NoError(t, err)
	for _, operation := range []string{"CreateCluster", "DeleteCluster"} {
		require.Regexp(t, `level=INFO msg="operation begins" cluster=`+id+` operation=`+operation+` `, string(log))
		require.Regexp(t, `level=INFO msg="operation ends" cluster=`+id+` operation=`+operation+` took=\S+ outcome=succeeded`, string(log))
	}
	require.NotContains(t, string(log), "Started Worker", "the SDK is silent")
}

// assertT is the testing value of require.EventuallyWithT.
type assertT = assert.CollectT

// prometheus runs a Prometheus on the configuration of docs/metrics.md, until the test ends.
func prometheus(t *testing.T, program string) (address string) {
	t.Helper()
	ports, err := process.FreePorts(0)
	require.NoError(t, err)
	worker, err := url.Parse(servers.WorkerURL())
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
scrape_configs:
  - job_name: drover
    scrape_interval: 5s
    static_configs: [{targets: [%q]}]
  - job_name: drover-nodes
    scrape_interval: 5s
    http_sd_configs: [{url: "http://%s/sd", refresh_interval: 15s}]
`, worker.Host, worker.Host), 0o600))
	address = fmt.Sprintf("127.0.0.1:%d", ports[0])
	cmd := exec.Command(program, "--config.file", config, "--storage.tsdb.path", t.TempDir(), "--web.listen-address", address, "--log.level", "warn")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
	})
	return "http://" + address
}

// samples is how many series a query finds; 0 while Prometheus does not answer yet.
func samples(t require.TestingT, server, query string) int {
	answer, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	var found struct {
		Data struct {
			Result []any `json:"result"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &found) != nil {
		return 0
	}
	return len(found.Data.Result)
}
