package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is in a record's file, what is read of it are whole lines, and the next word can be added behind them.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"intent":{"id":"a","command":{"cmd":"true","timeout_sec":1}}}` + "\n" + `{"started":{"boot_id":"b"}}` + "\n" + `{"result":{"exit_co`))
	f.Add([]byte("{}\n\n{\"result\":null}\n"))
	f.Add([]byte("\x00\x00\x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		require.LessOrEqual(t, r.size, int64(len(data)))
		require.True(t, r.size == 0 || data[r.size-1] == '\n')
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "record")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		defer file.Close()
		require.NoError(t, r.add(file, record{Result: &result{ExitCode: 7, EndedAt: "now"}}))
		again, err := readRecord(file)
		require.NoError(t, err)
		require.NotNil(t, again.Result)
		require.Equal(t, 7, again.Result.ExitCode)
		require.Equal(t, r.Intent, again.Intent)
	})
}

// An id that is taken is the name of one file in the journal's folder.
func FuzzID(f *testing.F) {
	for _, id := range []string{"cl-a.7.CC3.init", "..", "a/b", "-a", "é", ""} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if checkID(id) != nil {
			return
		}
		require.True(t, filepath.IsLocal(id))
		require.Equal(t, id, filepath.Base(id))
	})
}
