package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
	"drover/tests/stack/tree"
)

// Pages say what code declares.
func TestPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	root, err := tree.Root()
	require.NoError(t, err)
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(root, page))
		require.NoError(t, err)
		now, err := generate(string(text))
		require.NoError(t, err)
		require.Equal(t, now, string(text), "%s is not up to date: go run ./tools/docs", page)
	}
}

// The schemas that editors load are those of the vocabulary.
func TestSchemasAreUpToDate(t *testing.T) {
	t.Parallel()
	root, err := tree.Root()
	require.NoError(t, err)
	for name, text := range schemas {
		stored, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Equal(t, string(text()), string(stored), "%s is not up to date: go run ./tools/docs", name)
	}
}

// Every operation has its table, and every folder its row.
func TestNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	root, err := tree.Root()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(root, "docs/lifecycle.md"))
	require.NoError(t, err)
	for _, p := range lifecycle.Catalogue {
		require.Contains(t, string(text), "<!-- generated: "+p.Op+" -->")
	}
	folders, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, f := range folders {
		if f.IsDir() && !strings.HasPrefix(f.Name(), ".") && f.Name() != "bin" {
			require.Contains(t, short(), "`"+f.Name()+"/`")
		}
	}
}
