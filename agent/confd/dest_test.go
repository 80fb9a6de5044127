package confd

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParentsAreMade(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a/b/c", `x`)
	n.apply()
	info, err := os.Stat(n.path("a/b"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
	info, err = os.Stat(n.path("a/b/c"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
}

func TestUnsetModeKeepsTheFiles(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `new`)
	require.NoError(t, os.MkdirAll(n.out, 0o755))
	require.NoError(t, os.WriteFile(n.path("a"), []byte("old"), 0o755))
	n.apply()
	info, err := os.Stat(n.path("a"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
	require.Equal(t, "new", n.read("a"))
}

func TestSymlinkIsReplacedByAFile(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `new`)
	require.NoError(t, os.MkdirAll(n.out, 0o755))
	require.NoError(t, os.WriteFile(n.path("real"), []byte("old"), 0o640))
	require.NoError(t, os.Symlink("real", n.path("a")))
	n.apply()
	info, err := os.Lstat(n.path("a"))
	require.NoError(t, err)
	require.True(t, info.Mode().IsRegular())
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm(), "with the mode of what it pointed to")
	require.Equal(t, "old", n.read("real"))

	require.NoError(t, os.Remove(n.path("a")))
	require.NoError(t, os.Symlink("nowhere", n.path("a")))
	require.Equal(t, 1, n.apply().Changed)
	require.Equal(t, "new", n.read("a"))
	require.NoFileExists(t, n.path("nowhere"))
}

func TestOddDestinationsAreRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.resource("a", `x`)
	n.resource("b", `x`)
	require.NoError(t, os.MkdirAll(n.path("a/sub"), 0o755))
	require.NoError(t, syscall.Mkfifo(n.path("b"), 0o600))
	r := n.apply()
	require.Equal(t, []string{"a.toml write", "b.toml write"}, whats(r.Warnings))
	require.False(t, n.NextRetry().IsZero())
	require.NoError(t, os.RemoveAll(n.path("a")))
	require.NoError(t, os.Remove(n.path("b")))
	require.Empty(t, n.apply().Warnings)
	require.True(t, n.NextRetry().IsZero())
}

func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	t.Parallel()
	n := newNode(t)
	owner := func(name string) string {
		info, err := os.Stat(n.path(name))
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		return fmt.Sprintf("%d:%d", st.Uid, st.Gid)
	}
	n.resource("set", `x`, `uid = 12`, `gid = 34`)
	n.resource("named", `x`, `owner = "root"`, `group = "56"`)
	n.resource("unset", `{{getv "/v" "1"}}`, `uid = -1`)
	n.resource("unknown", `x`, `owner = "no-user-has-this-name"`)
	r := n.apply()
	require.Equal(t, []string{"unknown.toml write"}, whats(r.Warnings))
	require.Equal(t, "12:34", owner("set"))
	require.Equal(t, "0:56", owner("named"))

	require.NoError(t, os.Chown(n.path("unset"), 77, 78))
	require.NoError(t, os.Chown(n.path("set"), 12, 0))
	n.kv["/v"] = "2"
	require.Equal(t, 2, n.apply().Changed)
	require.Equal(t, "12:34", owner("set"), "a set owner is restored")
	require.Equal(t, "77:78", owner("unset"), "an unset one is left alone")
}

func TestAccountsOfAnotherRoot(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "etc"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("broken\nredis:x:999:888::/:/bin/sh\n"), 0o644))
	id, err := account(root, "/etc/passwd", "redis")
	require.NoError(t, err)
	require.Equal(t, 999, id)
	_, err = account(root, "/etc/passwd", "kafka")
	require.ErrorContains(t, err, "kafka")
}

// A file bound over the destination cannot be renamed over: rename gives EBUSY.
func TestBindMountIsWrittenInPlace(t *testing.T) {
	n := newNode(t)
	n.resource("a", `{{getv "/v"}}`, `reload_cmd = "r"`)
	require.NoError(t, os.MkdirAll(n.out, 0o755))
	require.NoError(t, os.WriteFile(n.path("a"), nil, 0o644))
	source := filepath.Join(t.TempDir(), "source")
	require.NoError(t, os.WriteFile(source, []byte("a longer old content"), 0o644))
	if err := syscall.Mount(source, n.path("a"), "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("cannot bind mount here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(n.path("a"), 0)) })
	n.kv["/v"] = "new"
	r := n.apply()
	require.Empty(t, r.Warnings)
	require.Equal(t, 1, r.Changed)
	text, err := os.ReadFile(source)
	require.NoError(t, err)
	require.Equal(t, "new", string(text))
	require.Equal(t, []string{"r"}, n.took())
	require.Zero(t, n.apply().Changed)
}
