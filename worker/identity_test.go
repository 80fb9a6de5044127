package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

func TestIdentityIsMadeForItsOwnerAloneAndReused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "id_ed25519")
	first, err := identity(path)
	require.NoError(t, err)
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	folder, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())

	again, err := identity(path)
	require.NoError(t, err)
	require.Equal(t, authorizedKey(first), authorizedKey(again))
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(authorizedKey(first)))
	require.NoError(t, err)
	require.Equal(t, ssh.KeyAlgoED25519, public.Type())
}

func TestIdentityOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644} {
		path := filepath.Join(t.TempDir(), "key")
		_, err := identity(path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, mode))
		_, err = identity(path)
		require.ErrorContains(t, err, "chmod 600 "+path)
	}
}

func TestIdentityThatIsNoKeyIsNotShown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte("hunter2 is not a key"), 0o600))
	_, err := identity(path)
	require.ErrorContains(t, err, path)
	require.NotContains(t, err.Error(), "hunter2")
}

// Workers that are started together on an empty folder all get the same key.
func TestIdentityMadeByManyAtOnceIsOne(t *testing.T) {
	t.Parallel()
	for range 50 {
		path := filepath.Join(t.TempDir(), "key")
		keys, errs := make([]string, 8), make([]error, 8)
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() {
				signer, err := identity(path)
				if errs[i] = err; err == nil {
					keys[i] = authorizedKey(signer)
				}
			})
		}
		wg.Wait()
		for i := range keys {
			require.NoError(t, errs[i])
			require.Equal(t, keys[0], keys[i])
		}
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1, "nothing but the key remains")
	}
}
