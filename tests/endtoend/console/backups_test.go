package console

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/tests/apps/consoles"
)

// Data that is backed up is restored into a new cluster; its own cluster is deleted into the recycle bin, and recovered.
func TestBackups(t *testing.T) {
	chromium, s := browser(t), servers(t)
	site := consoles.Start(t, s)
	app, id := "backups-"+activities.RandomID(), "cl-"+activities.RandomID()
	drover := func(args ...string) { apps.Run(t, s, nil, s.Binary("drover"), args...).OK(t) }
	role := builder.NewRole("a", 1).Boots("local", "bare").Shell(map[string]string{"start": "true", "stop": "true", "backup": "true", "restore": "true"})
	dir := filepath.Join(t.TempDir(), "1")
	require.NoError(t, builder.New(app, role).Set("backup_policy", "device").Write(dir))
	drover("apps", "publish", dir, "--app", app, "--version", "1")
	drover("create", app, "--version", "1", "--id", id)
	journey(t, "e2e/backups.journey.ts", chromium,
		"DROVER_E2E_URL="+site.URL, "DROVER_E2E_CLUSTER="+id, "DROVER_E2E_VOLUMES="+filepath.Join(s.StateDir, "volumes"),
		"DROVER_E2E_OPERATOR="+site.Token(t, "ann", "operator"))
}
