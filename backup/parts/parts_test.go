package parts_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/backup/parts"
	"drover/backup/target"
	"drover/durable/folder"
	"drover/fault"
)

// counting counts what is put, and fails from some put on.
type counting struct {
	target.Target
	mu     sync.Mutex
	puts   []string
	failAt int // 0: never
}

func (c *counting) Put(ctx context.Context, name string, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failAt > 0 && len(c.puts)+1 >= c.failAt {
		return fault.New(fault.Unreachable, "the target is away")
	}
	c.puts = append(c.puts, name)
	return c.Target.Put(ctx, name, data)
}

func newTarget(t *testing.T) (*counting, string) {
	t.Helper()
	dir := t.TempDir()
	d, err := target.NewDir(dir)
	require.NoError(t, err)
	return &counting{Target: d}, dir
}

// random is content that does not compress.
func random(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// data is a folder whose files fill three packs.
func data(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, size := range map[string]int{"big": 120<<10 + 123, "deep/small": 17, "empty": 0, "other": 36 << 10} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, random(byte(len(name)), size), 0o640))
	}
	require.NoError(t, os.Symlink("big", filepath.Join(dir, "link")))
	return dir
}

func stream(t *testing.T, dir string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, folder.Write(t.Context(), dir, &b))
	return &b
}

var first, second = parts.Place{Point: "s-00000001", Part: "a-1-1"}, parts.Place{Point: "s-00000002", Part: "a-1-1"}

func TestAPartComesBackAsItWas(t *testing.T) {
	t.Parallel()
	to, _ := newTarget(t)
	from, back := data(t), t.TempDir()
	s, err := parts.Write(t.Context(), to, first, parts.Place{}, stream(t, from))
	require.NoError(t, err)
	require.EqualValues(t, 4, s.Files)
	require.EqualValues(t, 156<<10+123+17, s.Bytes)
	var b bytes.Buffer
	require.NoError(t, parts.Read(t.Context(), to, first, s.SHA256, &b))
	require.NoError(t, folder.Read(t.Context(), &b, back))
	require.True(t, bytes.Equal(stream(t, from).Bytes(), stream(t, back).Bytes()))

	known, whole, err := parts.Stored(t.Context(), to, first)
	require.NoError(t, err)
	require.True(t, whole)
	require.Equal(t, s, known)
}

// An incremental point costs what changed, and needs the point before.
func TestAChainStoresWhatChanged(t *testing.T) {
	t.Parallel()
	to, _ := newTarget(t)
	dir := data(t)
	one, err := parts.Write(t.Context(), to, first, parts.Place{}, stream(t, dir))
	require.NoError(t, err)
	require.NoError(t, os.Rename(filepath.Join(dir, "other"), filepath.Join(dir, "moved")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "new"), random(99, 1000), 0o600))
	f, err := os.OpenFile(filepath.Join(dir, "big"), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("changed"), 20<<10)
	require.NoError(t, errors.Join(err, f.Close()))

	two, err := parts.Write(t.Context(), to, second, first, stream(t, dir))
	require.NoError(t, err)
	require.EqualValues(t, 16<<10+1000, two.Stored, "one chunk of the large file and the new one")
	var b bytes.Buffer
	require.NoError(t, parts.Read(t.Context(), to, second, two.SHA256, &b))
	require.True(t, bytes.Equal(stream(t, dir).Bytes(), b.Bytes()))
	require.NoError(t, parts.Read(t.Context(), to, first, one.SHA256, &bytes.Buffer{}))

	require.NoError(t, target.DeleteAll(t.Context(), to, first.Point+"/"))
	require.True(t, fault.Is(parts.Read(t.Context(), to, second, two.SHA256, &bytes.Buffer{}), fault.Invalid))
}

// A writer that died is followed by one that stores only what is missing; before, there is no part.
func TestAnInterruptedWriteIsResumed(t *testing.T) {
	t.Parallel()
	to, _ := newTarget(t)
	dir := data(t)
	to.failAt = 3
	_, err := parts.Write(t.Context(), to, first, parts.Place{}, stream(t, dir))
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	_, whole, err := parts.Stored(t.Context(), to, first)
	require.NoError(t, err)
	require.False(t, whole)
	to.failAt = 0
	s, err := parts.Write(t.Context(), to, first, parts.Place{}, stream(t, dir))
	require.NoError(t, err)
	require.Len(t, to.puts, 4, "three packs and the index, each once: %v", to.puts)
	require.NoError(t, parts.Read(t.Context(), to, first, s.SHA256, &bytes.Buffer{}))
}

func TestACutStreamIsNoPart(t *testing.T) {
	t.Parallel()
	to, _ := newTarget(t)
	whole := stream(t, data(t)).Bytes()
	_, err := parts.Write(t.Context(), to, first, parts.Place{}, bytes.NewReader(whole[:len(whole)/2]))
	require.True(t, fault.Is(err, fault.Unreachable), "%v", err)
	_, stored, err := parts.Stored(t.Context(), to, first)
	require.NoError(t, err)
	require.False(t, stored)
}

// Whatever byte of whatever object changes, and whatever object is missing, reading says so and where.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	to, dir := newTarget(t)
	s, err := parts.Write(t.Context(), to, first, parts.Place{}, stream(t, data(t)))
	require.NoError(t, err)
	names, err := to.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, names, 4)
	read := func() error { return parts.Read(t.Context(), to, first, s.SHA256, &bytes.Buffer{}) }
	require.NoError(t, read())
	for _, name := range names {
		path := filepath.Join(dir, name)
		was, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, at := range []int{0, len(was) / 3, len(was) - 1} {
			changed := bytes.Clone(was)
			changed[at] ^= 0x40
			require.NoError(t, os.WriteFile(path, changed, 0o600))
			err := read()
			require.Error(t, err, "%s at %d", name, at)
			require.Equal(t, fault.Invalid, fault.As(err).Type, "%v", err)
			require.Contains(t, err.Error(), "backup s-00000001 is damaged in part a-1-1")
		}
		require.NoError(t, os.Remove(path))
		require.ErrorContains(t, read(), "missing")
		require.NoError(t, os.WriteFile(path, was, 0o600))
	}
	require.NoError(t, read())
	require.ErrorContains(t, parts.Read(t.Context(), to, first, strings.Repeat("0", 64), &bytes.Buffer{}), "another one than was recorded")
}

func TestNamesOfAnyBytes(t *testing.T) {
	t.Parallel()
	to, _ := newTarget(t)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "\xff\xfe", Typeflag: tar.TypeReg, Size: 1, Mode: 0o600, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"SCHILY.xattr.user.x": "\x80\x01"}}))
	_, err := w.Write([]byte("x"))
	require.NoError(t, errors.Join(err, w.Close()))
	want := bytes.Clone(b.Bytes())
	s, err := parts.Write(t.Context(), to, first, parts.Place{}, &b)
	require.NoError(t, err)
	var back bytes.Buffer
	require.NoError(t, parts.Read(t.Context(), to, first, s.SHA256, &back))
	require.True(t, bytes.Equal(want, back.Bytes()))
}
