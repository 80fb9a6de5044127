package metrics_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"drover/metrics"
	"drover/specs"
)

// packages with a monitor, as they are in the tree.
func packages(t *testing.T) map[string][]specs.Role {
	t.Helper()
	out := map[string][]specs.Role{}
	for name, given := range map[string]map[string]any{"etcd": nil, "zookeeper": nil, "redis-cluster": {"env.requirepass": "12345678"}} {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("..", "packages", name, "package"))))
		template := filepath.Join(dir, "cluster.json.mustache")
		text, err := os.ReadFile(template)
		require.NoError(t, err)
		text = marks.ReplaceAll(bytes.ReplaceAll(text, []byte("@UPGRADES_FROM@"), nil), []byte("1"))
		require.NoError(t, os.WriteFile(template, text, 0o600))
		p, err := specs.Open(dir)
		require.NoError(t, err)
		spec, _, err := p.Render(t.Context(), given)
		require.NoError(t, err)
		out[name] = spec.Roles
	}
	return out
}

var marks = regexp.MustCompile(`@[A-Z_a-z]+@`) // what a build fills in

// known are all names of metrics that are served for the roles.
func known(roles []specs.Role) []string {
	names := []string{"up"}
	for _, m := range slices.Concat(metrics.Worker, metrics.Installation, metrics.Agent) {
		names = append(names, m.Name, m.Name+"_count", m.Name+"_bucket")
	}
	for _, r := range roles {
		for _, item := range r.Monitor.Measures().Items {
			names = append(names, item.Metric())
		}
	}
	return names
}

// requireKnown asserts that an expression asks for metrics that exist.
func requireKnown(t *testing.T, names []string, expr string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`drover_\w+`).FindAllString(expr, -1) {
		require.Contains(t, names, name, expr)
	}
}

func TestDashboards(t *testing.T) {
	t.Parallel()
	all := map[string]*metrics.Dashboard{"drover": metrics.OfDrover()}
	roles := packages(t)
	for app, r := range roles {
		all[app] = metrics.OfPackage(app, r)
	}
	for name, d := range all {
		require.NotEmpty(t, d.UID)
		taken := map[[2]int]bool{}
		for i, p := range d.Panels {
			require.Equal(t, i+1, p.ID)
			at := [2]int{p.GridPos.X, p.GridPos.Y}
			require.False(t, taken[at], "%s: two panels at one place", name)
			taken[at] = true
			require.NotEmpty(t, p.Targets, p.Title)
			for _, q := range p.Targets {
				requireKnown(t, known(roles[name]), q.Expr)
			}
		}
	}
	var titles []string
	for _, p := range all["etcd"].Panels {
		titles = append(titles, p.Title)
	}
	require.Equal(t, []string{"role", "keys (count)", "database (bytes)", "raft (count)", "alarms (count)",
		"Health", "Processor time of the nodes", "Memory of the nodes", "Used disk space"}, titles)
	require.Len(t, all["etcd"].Panels[2].Targets, 2, "a group is one panel")
	require.Equal(t, `max_over_time(drover_app_alarms{app="etcd", cluster=~"$cluster"}[5m])`, all["etcd"].Panels[4].Targets[0].Expr)
}

// promtool of Prometheus accepts all rules.
func TestRules(t *testing.T) {
	t.Parallel()
	roles := packages(t)
	all := map[string]metrics.Rules{"drover": metrics.RulesOfDrover()}
	for app, r := range roles {
		all[app] = metrics.RulesOfPackage(app, r)
		require.NotEmpty(t, all[app].Groups[0].Rules)
	}
	promtool, missing := exec.LookPath("promtool")
	for name, r := range all {
		for _, rule := range r.Groups[0].Rules {
			requireKnown(t, known(roles[name]), rule.Expr)
		}
		text, err := yaml.Marshal(r)
		require.NoError(t, err)
		if missing == nil {
			file := filepath.Join(t.TempDir(), name+".yml")
			require.NoError(t, os.WriteFile(file, text, 0o600))
			out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", file).CombinedOutput()
			require.NoError(t, err, string(out))
			require.Contains(t, string(out), "SUCCESS")
		}
	}
	if missing != nil {
		t.Skip("promtool is missing: apt-get install prometheus")
	}
}

// The configuration that the page shows is one that Prometheus accepts.
func TestTheConfigurationOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "\n    scrape_configs:\n")
	require.True(t, ok)
	block, _, _ := strings.Cut("    scrape_configs:\n"+rest, "\n\n")
	var lines []string
	for line := range strings.SplitSeq(block, "\n") {
		lines = append(lines, strings.TrimPrefix(line, "    "))
	}
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing: apt-get install prometheus")
	}
	out, err := exec.CommandContext(t.Context(), promtool, "check", "config", file).CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestDashboardsAreJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(metrics.OfDrover())
	require.NoError(t, err)
	var model map[string]any
	require.NoError(t, json.Unmarshal(text, &model))
	for _, key := range []string{"uid", "title", "schemaVersion", "panels", "templating", "time"} {
		require.Contains(t, model, key)
	}
}
