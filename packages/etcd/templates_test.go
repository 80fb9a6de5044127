package etcd

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/agent/confd"
	"drover/lifecycle"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTemplates(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		nodes  int
		values map[string]any
		change func(*lifecycle.Record)
	}{
		"one":   {nodes: 1},
		"three": {nodes: 3, values: map[string]any{"env.quota_backend_bytes_mib": 8192, "env.log_level": "debug"}},
		"adding": {nodes: 5, change: func(r *lifecycle.Record) {
			r.Adding = []string{r.Nodes[3].ID, r.Nodes[4].ID}
		}},
		"deleting": {nodes: 5, change: func(r *lifecycle.Record) {
			r.Deleting = []string{r.Nodes[0].ID, r.Nodes[2].ID}
		}},
		"upgrading": {nodes: 3, change: func(r *lifecycle.Record) { r.UpgradeFrom = "3.5" }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecord(t, "3.6", c.values)
			grow(rec, c.nodes)
			if c.change != nil {
				c.change(rec)
			}
			got := render(t, view(t, rec, rec.Nodes[0].ID))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// A change of membership must change none of the files whose change restarts etcd.
func TestMembershipRestartsNothing(t *testing.T) {
	t.Parallel()
	rec := newRecord(t, "3.6", nil)
	grow(rec, 3)
	engine := confd.New(confd.Options{ConfDir: "node/etc/confd", Root: t.TempDir(), Runner: &reloads{}})
	apply := func() confd.Result {
		result, err := engine.Apply(t.Context(), 0, view(t, rec, rec.Nodes[0].ID))
		require.NoError(t, err)
		require.Empty(t, result.Warnings)
		return result
	}
	require.Equal(t, []string{"/opt/app/bin/etcd-node reload"}, apply().Reloaded)
	rec.Adding = grow(rec, 2)
	require.Empty(t, apply().Reloaded)
	rec.Adding = nil
	require.Empty(t, apply().Reloaded)
	rec.Deleting = []string{rec.Nodes[1].ID}
	require.Empty(t, apply().Reloaded)
	rec.Spec.Env["heartbeat_interval"] = "50"
	require.Equal(t, []string{"/opt/app/bin/etcd-node reload"}, apply().Reloaded)
}

// render gives all files a node's templates make, one after the other.
func render(t *testing.T, kv map[string]string) string {
	t.Helper()
	root := t.TempDir()
	engine := confd.New(confd.Options{ConfDir: "node/etc/confd", Root: root, NoCommands: true})
	result, err := engine.Apply(t.Context(), 0, kv)
	require.NoError(t, err)
	require.Empty(t, result.Warnings)
	var out strings.Builder
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out.WriteString("==> " + strings.TrimPrefix(path, root) + "\n" + string(text))
		return err
	})
	require.NoError(t, err)
	return out.String()
}

// reloads stands in for the node: it says yes to every command.
type reloads struct{}

func (*reloads) Run(context.Context, confd.Command) error { return nil }
