package docker

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/specs"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// corpusDir holds real packages that are not ours to publish; where it is absent the test is skipped.
var (
	corpusDir = flag.String("corpus", "../../../shared/corpus", "folder of real packages")
	all       = flag.Bool("all", false, "take all of them; else those with the most roles and with replicas")
)

// required are values of items that have no default.
var required = map[string]map[string]any{
	"mongodb": {"env.user": "keeper", "env.passwd": "Abcdef123"},
}

// TestCorpusOnDocker: real packages, rendered with their defaults and with tracing commands in place of theirs, live their
// lives on containers. What runs is what the plan says, in the order the plan says, each command once on each node.
func TestCorpusOnDocker(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob(filepath.Join(*corpusDir, "*", specs.ConfigFile))
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skipf("SKIP: no packages in %s: the folder of real packages is not part of the repository", *corpusDir)
	}
	l := apps.StartOnDocker(t)
	tr := listen(t, l, "traced")
	for _, config := range found {
		if name := filepath.Base(filepath.Dir(config)); !*all && name != "rabbitmq" && name != "redis-cluster" {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(config)), func(t *testing.T) {
			t.Parallel()
			live(t, l, tr, filepath.Dir(config))
		})
	}
}

// traced is a cluster of a real package.
type traced struct {
	*apps.Cluster
	t    *testing.T
	lab  *apps.Lab
	tr   *traces
	app  string
	runs int // commands so far
	// seen are all instances the cluster ever had, as "role/sid".
	seen map[string]string
}

func live(t *testing.T, l *apps.Lab, tr *traces, dir string) {
	name := filepath.Base(dir)
	pkg, err := specs.Open(dir)
	require.NoError(t, err)
	rendered, _, err := pkg.RenderJSON(t.Context(), required[name])
	require.NoError(t, err)
	app := "corpus-" + name
	for version, policy := range map[string][]string{"1": {}, "2": {"1"}} {
		l.Drover(t, "apps", "publish", retrace(t, rendered, version, policy), "--app", app, "--version", version).OK(t)
	}
	c := &traced{t: t, lab: l, tr: tr, app: app, Cluster: l.Choose(t, "/dev/null"), seen: map[string]string{}}

	c.does("create", app, "--version", "1", "--id", c.ID)
	before := c.Nodes()
	var done []string
	for _, role := range roles(before) {
		if !c.allowed("add-nodes", c.ID, "--role", role, "--count", "1") {
			continue
		}
		c.does("add-nodes", c.ID, "--role", role, "--count", "1")
		done = append(done, "add-nodes "+role)
		var added []string
		for _, n := range c.Nodes() {
			if !slices.ContainsFunc(before, func(b api.NodeView) bool { return b.NodeID == n.NodeID }) {
				added = append(added, n.NodeID)
			}
		}
		require.NotEmpty(t, added)
		c.does(append([]string{"delete-nodes", c.ID}, added...)...)
		done = append(done, "delete-nodes")
		break
	}
	for _, role := range roles(before) {
		if c.allowed("scale", c.ID, "--role", role, "--memory", "512") {
			c.does("scale", c.ID, "--role", role, "--memory", "512")
			done = append(done, "scale "+role)
			break
		}
	}
	c.does("upgrade", c.ID, "--to", "2")
	c.does("delete", c.ID)
	c.Gone()
	t.Logf("%d nodes, %d commands: create, %s, upgrade, delete", len(before), c.runs, strings.Join(done, ", "))
}

// retrace rewrites a rendered package: every command is the tracer, nodes are small containers.
func retrace(t *testing.T, rendered []byte, version string, upgradesFrom []string) string {
	t.Helper()
	var cluster map[string]any
	require.NoError(t, json.Unmarshal(rendered, &cluster))
	cluster["upgrade_policy"] = upgradesFrom
	delete(cluster, "health_check")
	delete(cluster, "monitor")
	for _, n := range cluster["nodes"].([]any) {
		node := n.(map[string]any)
		node["container"] = map[string]any{"type": "docker", "image": "traced:" + version}
		node["cpu"], node["memory"] = 1, 256
		for _, gone := range []string{"health_check", "monitor", "gpu", "gpu_class"} {
			delete(node, gone)
		}
		if custom, ok := node["custom_metadata"].(map[string]any); ok {
			custom["cmd"] = tracer.Program + " custom_metadata"
		}
		services, _ := node["services"].(map[string]any)
		for name, s := range services {
			service, ok := s.(map[string]any)
			if !ok {
				continue
			}
			for _, key := range []string{"cmd", "pre_check", "selector"} {
				if _, has := service[key]; has {
					service[key] = tracer.Program + " " + strings.TrimSuffix(name+"."+key, ".cmd")
				}
			}
		}
	}
	dir := t.TempDir()
	require.NoError(t, builder.New("").Write(dir)) // its config.json: nothing is left to choose
	text, err := json.Marshal(cluster)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, specs.TemplateFile), text, 0o600))
	return dir
}

func roles(nodes []api.NodeView) []string {
	names := map[string]bool{}
	for _, n := range nodes {
		names[n.Role] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// allowed says whether the package allows an operation. Whatever else is wrong with it fails the test.
func (c *traced) allowed(words ...string) bool {
	c.t.Helper()
	a := c.lab.Drover(c.t, append([]string{"plan"}, words...)...)
	if a.Code == 3 {
		c.t.Logf("not allowed: %s", strings.TrimSpace(a.Stderr))
		return false
	}
	a.OK(c.t)
	return true
}

// does plans an operation, runs it, and compares.
func (c *traced) does(words ...string) {
	c.t.Helper()
	var answer struct {
		Plan api.Plan `json:"plan"`
	}
	c.lab.Drover(c.t, append([]string{"plan", "-o", "json"}, words...)...).OK(c.t).JSON(c.t, &answer)
	if words[0] == "delete" || words[0] == "delete-nodes" {
		words = append(words, "--yes")
	}
	c.lab.Drover(c.t, words...).OK(c.t)
	if words[0] != "delete" {
		for _, n := range c.Nodes() {
			c.seen[n.InstanceID] = n.Role + "/" + strconv.Itoa(n.SID)
		}
	}
	events := slices.DeleteFunc(c.tr.take(c.seen), func(e event) bool {
		return strings.HasSuffix(e.command, "selector") || e.command == "get_nodes_order"
	})
	c.runs += len(events)
	c.compare(strings.Join(words[:2], " "), answer.Plan, events)
}

// compare goes through the groups of a plan: each runs on its nodes, once, and after the one before has ended.
func (c *traced) compare(what string, plan api.Plan, events []event) {
	c.t.Helper()
	at, last := 0, 0
	for _, step := range plan.Steps {
		var want, got []string
		for _, cmd := range step.Commands {
			name := strings.TrimSuffix(cmd.Service+"."+cmd.Kind, ".")
			for _, sid := range sids(c.t, cmd.SIDs) {
				want = append(want, fmt.Sprintf("%s on %s/%d", name, cmd.Role, sid))
			}
		}
		ended := last
		for range want {
			require.Less(c.t, at, len(events), "%s, %s %s: did not run: %v", what, step.ID, step.Words, want)
			e := events[at]
			got = append(got, e.command+" on "+c.seen[e.instance])
			require.Greater(c.t, e.began, last, "%s, %s %s: %s began before the group before it had ended", what, step.ID, step.Words, got[len(got)-1])
			require.NotZero(c.t, e.ended, "%s: %s continues although the operation has ended", what, got[len(got)-1])
			ended = max(ended, e.ended)
			at++
		}
		last = ended
		require.ElementsMatch(c.t, want, got, "%s, %s %s", what, step.ID, step.Words)
	}
	require.Len(c.t, events, at, "%s: %+v was not planned", what, events[min(at, len(events)):])
}

// sids reads "1-3,7".
func sids(t *testing.T, text string) []int {
	t.Helper()
	var all []int
	for part := range strings.SplitSeq(text, ",") {
		low, high, ok := strings.Cut(part, "-")
		if !ok {
			high = low
		}
		from, err := strconv.Atoi(low)
		require.NoError(t, err, text)
		to, err := strconv.Atoi(high)
		require.NoError(t, err, text)
		for sid := from; sid <= to; sid++ {
			all = append(all, sid)
		}
	}
	return all
}
