package endtoend

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

func TestCreateUseDelete(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 2, map[string]string{"init": "true", "start": "hostname", "stop": "true", "destroy": "test ! -f /data/keep || { echo keep is there; exit 5; }"})

	var created api.OperationResult
	drover(t, "create", app, "--id", id, "-o", "json").OK(t).JSON(t, &created)
	require.Equal(t, "active", created.ClusterState)
	require.Equal(t, []string{"init start", "init start"}, traces(t, id))

	var list struct{ Items []api.NodeView }
	drover(t, "nodes", id, "-o", "json").OK(t).JSON(t, &list)
	require.Len(t, list.Items, 2)
	for _, n := range list.Items {
		require.Equal(t, "revision 1", n.Agent)
	}
	require.Len(t, look(t, id).Cluster.Nodes, 2)

	keep := volumes(t, id)[0] + "/keep"
	writeFile(t, keep, "")
	refused := drover(t, "delete", id, "--yes")
	require.Equal(t, 1, refused.Code)
	require.Contains(t, refused.Stderr, "destroy on a/")
	require.Contains(t, refused.Stderr, "exit code 5")
	require.Contains(t, refused.Stderr, "keep is there", "the package's own message")
	require.NotContains(t, traces(t, id)[0], "stop", "nothing was stopped")

	removeFile(t, keep)
	drover(t, "delete", id, "--yes").OK(t)
	nothingLeft(t, id)
}

// The temporal CLI starts the same operations with typed JSON.
func TestTemporalCLI(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 1, map[string]string{"start": "true"})
	temporal, err := servers.Tool(t.Context(), "temporal")
	require.NoError(t, err)
	run := func(workflowID, operation, input string) apps.Answer {
		return apps.Run(t, servers, nil, temporal, "workflow", "execute", "--type", operation, "--task-queue", api.TaskQueue,
			"--workflow-id", workflowID, "--input", input, "--output", "json")
	}
	created := run(api.WorkflowID(id), api.CreateCluster, `{"app": "`+app+`"}`).OK(t)
	require.Contains(t, created.Stdout, `"COMPLETED"`)
	require.Equal(t, []string{"start"}, traces(t, id))

	for _, tc := range []struct{ name, id, input, says string }{
		{"unknown field", api.WorkflowID(newID()), `{"app": "` + app + `", "versoin": "1"}`, `unknown field \"versoin\"`},
		{"wrong workflow id", "mine", `{"app": "` + app + `"}`, `workflow id cluster/cl-xxxxxxxx`},
		{"unknown application", api.WorkflowID(newID()), `{"app": "nope"}`, `no application \"nope\" is published`},
	} {
		refused := run(tc.id, api.CreateCluster, tc.input)
		require.NotZero(t, refused.Code, tc.name)
		require.Contains(t, refused.Stdout, tc.says, tc.name)
	}
	run(api.WorkflowID(id), api.DeleteCluster, `{}`).OK(t)
	nothingLeft(t, id)
}

func TestBadPackageIsNotPublished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/config.json", `{"type":"array","properties":[]}`)
	writeFile(t, dir+"/cluster.json.mustache", "{\n  \"name\": {{cluster.nmae}},\n  \"nodes\": []\n}")
	refused := drover(t, "apps", "publish", dir, "--app", "bad", "--version", "1")
	require.Equal(t, 2, refused.Code, refused.Stderr)
	require.Contains(t, refused.Stderr+refused.Stdout, "cluster.json.mustache:2")
	for _, a := range apps.Items[api.AppView](t, drover(t, "apps", "list", "-o", "json").OK(t)) {
		require.NotEqual(t, "bad", a.App)
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	t.Parallel()
	id := newID()
	app := publish(t, 2, map[string]string{"init": "true", "start": "true"})
	planned := drover(t, "plan", "create", app, "--id", id, "-o", "json").OK(t)
	require.True(t, json.Valid([]byte(planned.Stdout)))
	require.Contains(t, planned.Stdout, "CC4")
	nothingLeft(t, id)
}
