package console

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
	"drover/tests/apps"
	"drover/tests/apps/builder"
	"drover/tests/apps/consoles"
	"drover/tests/stack"
)

// An upgrade that is held: seen live, its console killed and started again meanwhile, retried and completed.
func TestUpgrade(t *testing.T) {
	chromium, s := browser(t), servers(t)
	site := consoles.Start(t, s)
	app, id := "upgrade-"+activities.RandomID(), "cl-"+activities.RandomID()
	drover := func(args ...string) { apps.Run(t, s, nil, s.Binary("drover"), args...).OK(t) }
	role := func(services map[string]string) builder.Role {
		return builder.NewRole("a", 1).Boots("local", "bare").Shell(services)
	}
	publish := func(version string, a *builder.App) {
		dir := filepath.Join(t.TempDir(), version)
		require.NoError(t, a.Write(dir))
		drover("apps", "publish", dir, "--app", app, "--version", version)
	}
	publish("1", builder.New(app, role(map[string]string{"start": "true", "stop": "true"})))
	publish("2", builder.New(app, role(map[string]string{
		"start": "true", "stop": "true",
		"upgrade": "echo waiting for the disk; while [ ! -f /data/go ]; do sleep 0.1; done; [ -f /data/repaired ] || { echo the disk is not ready >&2; exit 1; }",
	})).UpgradesFrom("1"))
	drover("create", app, "--version", "1", "--id", id)
	journey(t, "e2e/upgrade.journey.ts", chromium,
		"DROVER_E2E_URL="+site.URL, "DROVER_E2E_CLUSTER="+id, "DROVER_E2E_VOLUMES="+filepath.Join(s.StateDir, "volumes"),
		"DROVER_E2E_OPERATOR="+site.Token(t, "ann", "operator"), "DROVER_E2E_CONTROL="+control(t, s))
}

// A creation whose init does not end is cancelled, and its undo leaves nothing.
func TestCancel(t *testing.T) {
	chromium, s := browser(t), servers(t)
	site := consoles.Start(t, s)
	app, dir := "cancel-"+activities.RandomID(), filepath.Join(t.TempDir(), "1")
	role := builder.NewRole("a", 2).Boots("local", "bare").Shell(map[string]string{"init": "echo formatting the disk; while :; do sleep 1; done", "start": "true"})
	require.NoError(t, builder.New(app, role).Write(dir))
	apps.Run(t, s, nil, s.Binary("drover"), "apps", "publish", dir, "--app", app, "--version", "1").OK(t)
	journey(t, "e2e/cancel.journey.ts", chromium,
		"DROVER_E2E_URL="+site.URL, "DROVER_E2E_APP="+app, "DROVER_E2E_OPERATOR="+site.Token(t, "ann", "operator"))
}

// control is an address at which a journey kills the console, and starts it again.
func control(t *testing.T, s *stack.Stack) string {
	t.Helper()
	done := func(f func(*http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := f(r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kill", done(func(*http.Request) error { return s.KillConsole() }))
	mux.HandleFunc("POST /start", done(func(r *http.Request) error { return s.StartConsole(r.Context()) }))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}
