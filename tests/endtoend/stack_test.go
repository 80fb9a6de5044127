package endtoend

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drover/activities"
	"drover/tests/apps"
	"drover/tests/stack"
	"drover/workflows/api"
)

// servers are shared by all tests of the package; each works on clusters of its own.
var servers *stack.Stack

func TestMain(m *testing.M) { stack.Main(m, start) }

func start(ctx context.Context) (err error) {
	images := filepath.Join(stack.TestDir(), "images")
	if err := os.MkdirAll(filepath.Join(images, "bare", "opt", "app"), 0o755); err != nil {
		return err
	}
	if servers, err = stack.ForTests(ctx, "stack", stack.Options{Images: images}); err != nil {
		return err
	}
	return servers.StartWorker(ctx)
}

// drover runs the CLI.
func drover(t *testing.T, args ...string) apps.Answer {
	t.Helper()
	return apps.Run(t, servers, nil, servers.Binary("drover"), args...)
}

// newID is an id no other test has.
func newID() string { return "cl-" + activities.RandomID() }

// publish makes an application of one role "a" with the given services available, and removes nothing. Commands append
// to /data/trace, which a test reads from the node's volume.
func publish(t *testing.T, count int, services map[string]string) string {
	t.Helper()
	app := "traced-" + activities.RandomID()
	dir := apps.Scripted{Type: "local", Image: "bare", Volume: "/data", Count: count, Services: apps.Tracing("/data/trace", services)}.Write(t)
	drover(t, "apps", "publish", dir, "--app", app, "--version", "1").OK(t)
	return app
}

// volumes are the folders behind the /data of a cluster's nodes, in no order.
func volumes(t *testing.T, clusterID string) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(servers.StateDir, "volumes", "*"))
	require.NoError(t, err)
	var out []string
	for _, dir := range dirs {
		meta, err := os.ReadFile(filepath.Join(dir, "meta.json"))
		if err == nil && strings.Contains(string(meta), clusterID) {
			out = append(out, filepath.Join(dir, "data"))
		}
	}
	return out
}

// traces are the commands that ran on each node of a cluster.
func traces(t *testing.T, clusterID string) []string {
	t.Helper()
	var out []string
	for _, dir := range volumes(t, clusterID) {
		data, err := os.ReadFile(filepath.Join(dir, "trace"))
		if err == nil {
			out = append(out, strings.Join(strings.Fields(string(data)), " "))
		}
	}
	return out
}

// eventually waits until something that another process does has happened.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !happened() {
		require.True(t, time.Now().Before(deadline), "did not happen within a minute: %s", what)
		time.Sleep(20 * time.Millisecond)
	}
}

// nothingLeft asserts that no trace of a cluster remains: record, metadata, volumes, nodes.
func nothingLeft(t *testing.T, clusterID string) {
	t.Helper()
	for _, c := range apps.Items[api.ClusterView](t, drover(t, "list", "-o", "json").OK(t)) {
		require.NotEqual(t, clusterID, c.ClusterID)
	}
	require.Empty(t, volumes(t, clusterID))
	require.NotContains(t, grepState(t, clusterID), clusterID)
}

// grepState is every small file of the worker's state folder that names the cluster.
func grepState(t *testing.T, clusterID string) string {
	t.Helper()
	var found []string
	_ = filepath.WalkDir(servers.StateDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return nil
		}
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(clusterID)) {
			found = append(found, path+" names "+clusterID)
		}
		return nil
	})
	return strings.Join(found, "\n")
}

func temporalClient(t *testing.T) client.Client {
	t.Helper()
	c, err := servers.Client(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
