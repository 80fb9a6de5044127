package durable

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	require.NoError(t, Replace(file, []byte("one"), 0o600))
	require.NoError(t, Replace(file, []byte("two"), 0o644))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode())

	// A failure leaves the old file and no draft.
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	require.Error(t, Replace(filepath.Join(dir, "folder"), nil, 0o600))
	require.Error(t, Replace(filepath.Join(dir, "missing", "key"), nil, 0o600))
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, Keep(file))
	require.Error(t, Keep(filepath.Join(dir, "missing")))
}
