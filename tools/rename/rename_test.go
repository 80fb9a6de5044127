package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/stack/tree"
)

func TestEdits(t *testing.T) {
	t.Parallel()
	const to = "example.org/fleet/drover"
	text, err := editImports([]byte("package a\n\nimport (\n\tx \"drover/client\"\n\t\"drovers/b\"\n)\n\nconst key = \"drover/state\"\n"), "drover", to)
	require.NoError(t, err)
	require.Equal(t, "package a\n\nimport (\n\tx \"example.org/fleet/drover/client\"\n\t\"drovers/b\"\n)\n\nconst key = \"drover/state\"\n", string(text))
	text, err = editLint([]byte("allow: [drover/specs, drover/fault$]\n- {pkg: drover, desc: of drover}\nlocal-prefixes: [drover]\n"), "drover", to)
	require.NoError(t, err)
	require.Equal(t, "allow: [example.org/fleet/drover/specs, example.org/fleet/drover/fault$]\n- {pkg: example.org/fleet/drover, desc: of drover}\n"+
		"local-prefixes: [example.org/fleet/drover]\n", string(text))
	text, err = editMod([]byte("module drover/packaging\n\ngo 1.26.0\n"), "drover", to)
	require.NoError(t, err)
	require.Equal(t, "module example.org/fleet/drover/packaging\n\ngo 1.26.0\n", string(text))
	_, err = rename(t.TempDir(), "no path")
	require.Error(t, err)
}

// The client of a renamed tree builds, and so does a program that uses it as docs/client.md says: with a replace line.
func TestTheRenamedClientBuilds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles the client under another path")
	}
	root, err := tree.Root()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs/client.md"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(page), "```go\n")
	program, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	for _, path := range []string{"drover", "example.org/fleet/drover"} {
		dir := t.TempDir()
		copied := filepath.Join(dir, "drover")
		for _, folder := range []string{"client", "codec", "fault", "durable", "workflows/api", "agent/api"} {
			require.NoError(t, os.CopyFS(filepath.Join(copied, folder), os.DirFS(filepath.Join(root, folder))))
		}
		for _, file := range []string{"go.mod", "go.sum"} {
			text, err := os.ReadFile(filepath.Join(root, file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(copied, file), text, 0o600))
		}
		if path != "drover" {
			n, err := rename(copied, path)
			require.NoError(t, err)
			require.Greater(t, n, 10)
		}
		mine := filepath.Join(dir, "mine")
		require.NoError(t, os.Mkdir(mine, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(mine, "main.go"), []byte(strings.ReplaceAll(program, `"drover/`, `"`+path+`/`)), 0o600))
		for _, line := range []string{
			"go mod init example.com/mine", "go mod edit -require=" + path + "@v0.0.0 -replace=" + path + "=../drover",
			"cp ../drover/go.sum .", "go vet -mod=mod .",
		} {
			cmd := exec.CommandContext(t.Context(), "sh", "-ec", line)
			cmd.Dir = mine
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s: %s: %s", path, line, out)
		}
	}
}
