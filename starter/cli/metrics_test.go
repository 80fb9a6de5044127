package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metrics"
	"drover/tests/apps/builder"
)

func TestMetricsOfDrover(t *testing.T) {
	t.Parallel()
	c := drover(t, "metrics", "dashboard")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, "drover", decoded[metrics.Dashboard](t, c.stdout.String()).UID, "the text is the dashboard")
	require.NotEmpty(t, decoded[metrics.Rules](t, drover(t, "metrics", "rules", "-o", "json").stdout.String()).Groups)
	require.Contains(t, drover(t, "metrics", "rules").stdout.String(), "- alert: DroverOperationHeld\n")
}

func TestMetricsOfAPackage(t *testing.T) {
	t.Parallel()
	role := builder.NewRole("a", 1).Boots("local", "bare").Shell(map[string]string{"start": "true"})
	measured := role.Set("monitor", builder.Object{
		"enable": true, "cmd": "measure", "items": builder.Object{"queue": builder.Object{"unit": "count", "value_type": "int"}}, "alarm": []string{"queue"},
	})
	dir, none := filepath.Join(t.TempDir(), "p"), filepath.Join(t.TempDir(), "p")
	for at, r := range map[string]builder.Role{dir: measured, none: role} {
		require.NoError(t, os.MkdirAll(at, 0o755))
		require.NoError(t, builder.New("queues", r).Write(at))
	}
	c := drover(t, "metrics", "dashboard", dir, "--app", "queues")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Equal(t, "queue (count)", decoded[metrics.Dashboard](t, c.stdout.String()).Panels[0].Title)
	require.Contains(t, drover(t, "metrics", "rules", dir, "--app", "queues").stdout.String(), `drover_app_queue{app="queues"}`)
	for _, args := range [][]string{{"rules", dir}, {"rules", "--app", "queues"}, {"rules", none, "--app", "queues"}} {
		c := drover(t, append([]string{"metrics"}, args...)...)
		require.NotEqual(t, exitOK, c.code, "%v", args)
		require.Empty(t, c.stdout.String(), "%v", args)
	}
}
