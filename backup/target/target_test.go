package target_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/backup/key"
	"drover/backup/target"
	"drover/fault"
)

// behaves is the contract of every target. It begins with an empty one.
func behaves(t *testing.T, to target.Target) {
	t.Helper()
	ctx := t.Context()
	names, err := to.List(ctx, "")
	require.NoError(t, err)
	require.Empty(t, names)
	_, err = to.Get(ctx, "s-1/a/index")
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	has, err := to.Has(ctx, "s-1/a/index")
	require.NoError(t, err)
	require.False(t, has)
	for _, name := range []string{"s-1/a/index", "s-1/a/000001", "s-1/b/index", "s-2/manifest"} {
		require.NoError(t, to.Put(ctx, name, []byte("first "+name)))
		require.NoError(t, to.Put(ctx, name, []byte(name)))
		data, err := to.Get(ctx, name)
		require.NoError(t, err)
		require.Equal(t, name, string(data))
	}
	has, err = to.Has(ctx, "s-1/a/index")
	require.NoError(t, err)
	require.True(t, has)
	names, err = to.List(ctx, "s-1/")
	require.NoError(t, err)
	require.Equal(t, []string{"s-1/a/000001", "s-1/a/index", "s-1/b/index"}, names)
	for _, name := range []string{"", "/x", "../x", "a/../../x", "a//b"} {
		require.Error(t, to.Put(ctx, name, nil), name)
	}
	require.NoError(t, target.DeleteAll(ctx, to, "s-1/"))
	require.NoError(t, to.Delete(ctx, "s-1/a/index"), "missing is deleted")
	names, err = to.List(ctx, "")
	require.NoError(t, err)
	require.Equal(t, []string{"s-2/manifest"}, names)
	require.NoError(t, target.DeleteAll(ctx, to, ""))
}

func newDir(t *testing.T) (*target.Dir, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backups")
	d, err := target.NewDir(dir)
	require.NoError(t, err)
	return d, dir
}

func TestDir(t *testing.T) {
	t.Parallel()
	d, dir := newDir(t)
	behaves(t, d)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "empty folders go")
	require.NoError(t, d.Put(t.Context(), "s-1/x", nil))
	info, err := os.Stat(filepath.Join(dir, "s-1/x"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = target.NewDir("relative")
	require.True(t, fault.Is(err, fault.Invalid))
}

// What a killed writer leaves is not an object, and goes with the backup.
func TestADraftIsNotAnObject(t *testing.T) {
	t.Parallel()
	d, dir := newDir(t)
	require.NoError(t, d.Put(t.Context(), "s-1/x", []byte("x")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s-1/.x.new-123"), []byte("half"), 0o600))
	names, err := d.List(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"s-1/x"}, names)
	require.NoError(t, target.DeleteAll(t.Context(), d, "s-1/"))
	require.NoDirExists(t, filepath.Join(dir, "s-1"))
}

func newKey(t *testing.T) string {
	t.Helper()
	text, err := key.New()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestSealed(t *testing.T) {
	t.Parallel()
	d, dir := newDir(t)
	path := newKey(t)
	mine, err := key.Read(path)
	require.NoError(t, err)
	behaves(t, target.Sealed(d, mine))

	secret := bytes.Repeat([]byte("hunter2 "), 1000)
	require.NoError(t, target.Sealed(d, mine).Put(t.Context(), "s-1/x", secret))
	stored, err := os.ReadFile(filepath.Join(dir, "s-1/x"))
	require.NoError(t, err)
	require.NotContains(t, string(stored), "hunter2")

	_, err = target.Sealed(d, nil).Get(t.Context(), "s-1/x")
	require.True(t, fault.Is(err, fault.NotAllowed))
	require.ErrorContains(t, err, "no key")
	other, err := key.Read(newKey(t))
	require.NoError(t, err)
	_, err = target.Sealed(d, other).Get(t.Context(), "s-1/x")
	require.ErrorContains(t, err, "another key")

	// A new key in front of the old one reads both.
	fresh, err := os.ReadFile(newKey(t))
	require.NoError(t, err)
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	both := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(both, append(fresh, old...), 0o600))
	rotated, err := key.Read(both)
	require.NoError(t, err)
	data, err := target.Sealed(d, rotated).Get(t.Context(), "s-1/x")
	require.NoError(t, err)
	require.Equal(t, secret, data)

	stored[len(stored)/2] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s-1/x"), stored, 0o600))
	_, err = target.Sealed(d, mine).Get(t.Context(), "s-1/x")
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	readable := newKey(t)
	require.NoError(t, os.Chmod(readable, 0o644))
	wrong := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(wrong, []byte("AGE-SECRET-KEY-1NOT\n"), 0o600))
	for _, path := range []string{readable, wrong, "/nowhere"} {
		_, err := key.Read(path)
		require.True(t, fault.Is(err, fault.Invalid), "%v", err)
		require.NotContains(t, err.Error(), "AGE-SECRET")
	}
}

func TestLimited(t *testing.T) {
	t.Parallel()
	d, _ := newDir(t)
	slow := target.Limited(d, 1<<20)
	began := time.Now()
	for range 3 {
		require.NoError(t, slow.Put(t.Context(), "s-1/x", make([]byte, 1<<20)))
	}
	require.Greater(t, time.Since(began), 1900*time.Millisecond, "the first second's worth is free")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, slow.Put(ctx, "s-1/y", make([]byte, 1<<20)), context.Canceled)
}
