package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A process between fork and exec has copies of all files. The lock must be free at once all the same: who asks next
// would take the command for running.
func TestDroppedLockIsFreeWhateverCopiesThereAre(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), recordName)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	f, err := takeLock(path)
	require.NoError(t, err)
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)

	other, err := takeLock(path)
	require.NoError(t, err)
	require.Nil(t, other, "taken twice")
	dropLock(f)
	other, err = takeLock(path)
	require.NoError(t, err)
	require.NotNil(t, other, "still taken")
	dropLock(other)
	dropLock(nil)
}
