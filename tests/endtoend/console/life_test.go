package console

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/tests/apps/consoles"
)

// A cluster's life by the browser alone: the package is published by upload, the first creation is held until the journey
// repairs the nodes' volumes.
func TestLife(t *testing.T) {
	chromium, s := browser(t), servers(t)
	require.NoError(t, s.KillConsole())
	require.NoError(t, s.StartConsole(t.Context()))
	link, err := s.ConsoleLink()
	require.NoError(t, err)

	app := "pages-" + activities.RandomID()
	upload := filepath.Join(t.TempDir(), app+".tar.gz")
	packed, err := exec.Command("tar", "-czf", upload, "-C", pack(t, "1", map[string]string{
		"init":  "[ -f /data/repaired ] || { echo the disk is not ready >&2; exit 1; }",
		"start": "true", "stop": "true",
	}), ".").CombinedOutput()
	require.NoError(t, err, "%s", packed)

	journey(t, "e2e/life.journey.ts", chromium,
		"DROVER_E2E_LINK="+link, "DROVER_E2E_APP="+app, "DROVER_E2E_PACKAGE="+upload,
		"DROVER_E2E_VOLUMES="+filepath.Join(s.StateDir, "volumes"))
}

// A cluster at work, by an operator and a viewer.
func TestWork(t *testing.T) {
	chromium, s := browser(t), servers(t)
	site := consoles.Start(t, s)
	app, id := "work-"+activities.RandomID(), "cl-"+activities.RandomID()
	drover := func(args ...string) { apps.Run(t, s, nil, s.Binary("drover"), args...).OK(t) }
	drover("apps", "publish", pack(t, "1", map[string]string{"start": "true", "stop": "true"}), "--app", app, "--version", "1")
	drover("create", app, "--version", "1", "--id", id, "--set", "cluster.count=1")
	journey(t, "e2e/work.journey.ts", chromium,
		"DROVER_E2E_URL="+site.URL, "DROVER_E2E_APP="+app, "DROVER_E2E_CLUSTER="+id,
		"DROVER_E2E_VOLUMES="+filepath.Join(s.StateDir, "volumes"),
		"DROVER_E2E_OPERATOR="+site.Token(t, "ann", "operator"), "DROVER_E2E_VIEWER="+site.Token(t, "vic", "viewer"))
}

// A list of ten thousand clusters, which the journey makes up, is scrolled without long tasks.
func TestRows(t *testing.T) {
	chromium, s := browser(t), servers(t)
	site := consoles.Start(t, s)
	journey(t, "e2e/rows.journey.ts", chromium, "DROVER_E2E_URL="+site.URL, "DROVER_E2E_VIEWER="+site.Token(t, "vic", "viewer"))
}

// pack writes a package of one role with a volume.
func pack(t *testing.T, version string, services map[string]string) string {
	t.Helper()
	role := builder.NewRole("a", "<cluster.count>").Boots("local", "bare").Shell(services)
	dir := filepath.Join(t.TempDir(), "package-"+version)
	require.NoError(t, builder.New("<cluster.name>", role).Scalable().Set("backup_policy", "device").Set("env", builder.Object{"quota": "<env.quota>"}).
		Items("cluster", builder.Item("name", "string", "pages", "label=Name"), builder.Item("count", "integer", 2, "label=Nodes", "min=1", "max=5")).
		Items("env", builder.Item("quota", "integer", 40, "label=Quota", "min=1", "max=100")).
		Write(dir))
	return dir
}
