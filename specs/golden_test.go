package specs

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

// golden compares with testdata/golden/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update to make it")
	require.Equal(t, string(want), got)
}

func lines(ds Diagnostics) string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(string(d.Severity) + " " + d.String() + "\n")
	}
	return b.String()
}

// TestGolden shows whole packages: what lint says, what is rendered, what cluster is built.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, dir string
		values    map[string]any
	}{
		{"lantern", "lantern", nil},
		{"lantern-values", "lantern", map[string]any{
			"wick.count": "3", "wick": map[string]any{"replica": 0}, "shade.count": 2, "cluster.shade.loadbalancer": "lb-1,lb-2",
			"env": map[string]any{"-p": json.Number("0.7"), "modules": []any{"flame"}, "global": map[string]any{"listen.port": 8000.0}},
			"oil": "cl-12345678", "env.retries": "5", "env.admin.pass": "Other-4711",
		}},
		{"solo", "solo", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := Open(filepath.Join("testdata", "packages", tc.dir))
			require.NoError(t, err)
			c, diags, err := p.Render(t.Context(), tc.values)
			require.NoError(t, err)
			text, err := json.MarshalIndent(c, "", "  ")
			require.NoError(t, err)
			golden(t, tc.name+".cluster.json", string(text)+"\n")
			golden(t, tc.name+".diagnostics.txt", lines(diags))
			shown, _, err := p.RenderJSON(t.Context(), tc.values)
			require.NoError(t, err)
			golden(t, tc.name+".rendered.json", string(shown))
			if len(tc.values) == 0 {
				golden(t, tc.name+".lint.txt", lines(Lint(t.Context(), p)))
			}
		})
	}
}

func TestGoldenBroken(t *testing.T) {
	t.Parallel()
	p, err := Open(filepath.Join("testdata", "packages", "broken"))
	require.NoError(t, err)
	golden(t, "broken.lint.txt", lines(Lint(t.Context(), p)))
	_, _, err = p.Render(t.Context(), map[string]any{"a.secret": "hunter22"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter22", "a password in a message")
}
