package confd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"drover/agent/api"
)

func TestNoop(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", "1\n2\n{{getv \"/v\"}}\n4\n5\n6\n7\n", `mode = "0600"`, `reload_cmd = "r"`, `check_cmd = "c"`)
	n.resource("b", "same")
	n.resource("c", `{{getv "/none"}}`)
	n.resource("d/new", "no newline", `reload_cmd = "r"`)
	require.NoError(t, os.MkdirAll(n.out, 0o755))
	require.NoError(t, os.WriteFile(n.path("a"), []byte("1\n2\nold\n4\n5\n6\n7\n"), 0o644))
	require.NoError(t, os.WriteFile(n.path("b"), []byte("same"), 0o644))
	n.kv["/v"] = "new"
	diff, r, err := n.Noop(t.Context(), n.kv)
	require.NoError(t, err)
	require.Equal(t, []string{"c.toml render"}, whats(r.Warnings))
	require.Equal(t, 2, r.Changed)
	a, d := n.path("a"), n.path("d/new")
	require.Equal(t, "# would change the mode of "+a+" from 0644 to 0600\n"+
		"--- "+a+"\n+++ "+a+"\n@@ -1,6 +1,6 @@\n 1\n 2\n-old\n+new\n 4\n 5\n 6\n"+
		"--- /dev/null\n+++ "+d+"\n@@ -0,0 +1,1 @@\n+no newline\n\\ No newline at end of file\n"+
		"# would run: r\n", diff)
	files, warnings, err := n.Changes(t.Context(), n.kv)
	require.NoError(t, err)
	require.Equal(t, r.Warnings, warnings)
	require.Equal(t, []api.PreviewFile{{Resource: "a.toml", Dest: a, Reload: "r"}, {Resource: "d/new.toml", Dest: d, New: true, Reload: "r"}}, files)
	require.Empty(t, n.took())
	require.NoDirExists(t, n.path("d"))
	require.Contains(t, n.read("a"), "old")
}

// What unified prints must be what patch needs to make the one text from the other.
func TestUnifiedIsAPatch(t *testing.T) {
	t.Parallel()
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("the program patch is not installed")
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "d\n"}), 0, 40).Draw(t, "lines"), "") +
				rapid.SampledFrom([]string{"", "end"}).Draw(t, "end")
		})
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		diff := unified("x", "x", before, after)
		if before == after {
			require.Empty(t, diff)
			return
		}
		file := filepath.Join(dir, "x")
		require.NoError(t, os.WriteFile(file, []byte(before), 0o600))
		cmd := exec.Command(patch, "-s", "-f", "-u", file)
		cmd.Stdin = strings.NewReader(diff)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", out, diff)
		got, err := os.ReadFile(file)
		if after != "" || err == nil {
			require.NoError(t, err)
		}
		require.Equal(t, after, string(got), diff)
	})
}
