package endtoend

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/workflows/api"
)

func TestCreateUseDelete(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 2, map[string]string{"init": "true", "start": "hostname", "stop": "true", "destroy": "test ! -f /data/keep || { echo keep is there; exit 5; }"})

	var created api.OperationResult
	drover(t, "create", app, "--id", id, "-o", "json").ok(t).json(t, &created)
	require.Equal(t, "active", created.ClusterState)
	require.Equal(t, []string{"init start", "init start"}, traces(t, id))

	var view api.ClusterView
	drover(t, "nodes", id, "-o", "json").ok(t)
	var status struct {
		Cluster api.ClusterView `json:"cluster"`
	}
	drover(t, "status", id, "-o", "json").ok(t).json(t, &status)
	view = status.Cluster
	require.Len(t, view.Nodes, 2)
	for _, n := range view.Nodes {
		require.Equal(t, "revision 1", n.Agent)
	}

	keep := volumes(t, id)[0] + "/keep"
	writeFile(t, keep, "")
	refused := drover(t, "delete", id, "--yes")
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "destroy on a/")
	require.Contains(t, refused.stderr, "exit code 5")
	require.Contains(t, refused.stderr, "keep is there", "the package's own message")
	require.NotContains(t, traces(t, id)[0], "stop", "nothing was stopped")

	removeFile(t, keep)
	drover(t, "delete", id, "--yes").ok(t)
	nothingLeft(t, id)
}

func TestFailedCreationLeavesNothing(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 3, map[string]string{"init": "true", "start": "echo it does not start; exit 9"})
	failed := drover(t, "create", app, "--id", id)
	require.Equal(t, 1, failed.code)
	require.Contains(t, failed.stderr, "start on a/")
	require.Contains(t, failed.stderr, "exit code 9")
	require.Contains(t, failed.stderr, "it does not start")
	nothingLeft(t, id)
}

// The temporal CLI starts the same operations with typed JSON.
func TestTemporalCLI(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{"start": "true"})
	temporal, err := servers.Tool(t.Context(), "temporal")
	require.NoError(t, err)
	run := func(workflowID, operation, input string) answer {
		return program(t, temporal, "workflow", "execute", "--type", operation, "--task-queue", api.TaskQueue,
			"--workflow-id", workflowID, "--input", input, "--output", "json")
	}
	created := run(api.WorkflowID(id), api.CreateCluster, `{"app": "`+app+`"}`).ok(t)
	require.Contains(t, created.stdout, `"COMPLETED"`)
	require.Equal(t, []string{"start"}, traces(t, id))

	for _, tc := range []struct{ name, id, input, says string }{
		{"unknown field", api.WorkflowID(newID()), `{"app": "` + app + `", "versoin": "1"}`, `unknown field \"versoin\"`},
		{"wrong workflow id", "mine", `{"app": "` + app + `"}`, `workflow id cluster/cl-xxxxxxxx`},
		{"unknown application", api.WorkflowID(newID()), `{"app": "nope"}`, `no application \"nope\" is published`},
	} {
		refused := run(tc.id, api.CreateCluster, tc.input)
		require.NotZero(t, refused.code, tc.name)
		require.Contains(t, refused.stdout, tc.says, tc.name)
	}
	run(api.WorkflowID(id), api.DeleteCluster, `{}`).ok(t)
	nothingLeft(t, id)
}

func TestBadPackageIsNotPublished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/config.json", `{"type":"array","properties":[]}`)
	writeFile(t, dir+"/cluster.json.mustache", "{\n  \"name\": {{cluster.nmae}},\n  \"nodes\": []\n}")
	refused := drover(t, "apps", "publish", dir, "--app", "bad", "--version", "1")
	require.Equal(t, 2, refused.code, refused.stderr)
	require.Contains(t, refused.stderr+refused.stdout, "cluster.json.mustache:2")
	var apps api.AppList
	drover(t, "apps", "list", "-o", "json").ok(t).json(t, &apps)
	for _, a := range apps.Apps {
		require.NotEqual(t, "bad", a.App)
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 2, map[string]string{"init": "true", "start": "true"})
	planned := drover(t, "plan", "create", app, "--id", id, "-o", "json").ok(t)
	require.True(t, json.Valid([]byte(planned.stdout)))
	require.Contains(t, planned.stdout, "CC4")
	nothingLeft(t, id)
}
