package folder_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/durable/folder"
)

// sample fills a folder with one entry of each kind.
func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data/deep"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data/a"), bytes.Repeat([]byte("abc"), 100_000), 0o640))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data/deep/empty"), nil, 0o600))
	require.NoError(t, os.Link(filepath.Join(dir, "data/a"), filepath.Join(dir, "data/same")))
	require.NoError(t, os.Symlink("../nowhere", filepath.Join(dir, "link")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tool"), []byte("#!/bin/sh\n"), 0o755))
	require.NoError(t, os.Chmod(filepath.Join(dir, "tool"), 0o4755|os.ModeSetuid))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	old := time.Date(2020, 1, 2, 3, 4, 5, 678, time.UTC)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "data/a"), old, old))
	require.NoError(t, os.Chtimes(filepath.Join(dir, "data"), old, old))
	return dir
}

func stream(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, folder.Write(t.Context(), dir, &b))
	return b.Bytes()
}

func names(t *testing.T, data []byte) []string {
	t.Helper()
	var out []string
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%s %c %o %d:%d %s %v", h.Name, h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, h.ModTime))
	}
}

func TestAFolderComesBackAsItWas(t *testing.T) {
	t.Parallel()
	from, to := sample(t), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(to, "of an interrupted run"), []byte("x"), 0o600))
	first := stream(t, from)
	require.NoError(t, folder.Read(t.Context(), bytes.NewReader(first), to))
	require.Equal(t, names(t, first), names(t, stream(t, to)))
	require.True(t, bytes.Equal(first, stream(t, to)), "the same stream: names, content, modes, owners, times, links")
	require.NoFileExists(t, filepath.Join(to, "pipe"))
	info, err := os.Stat(filepath.Join(to, "tool"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSetuid)
	a, err := os.Stat(filepath.Join(to, "data/a"))
	require.NoError(t, err)
	same, err := os.Stat(filepath.Join(to, "data/same"))
	require.NoError(t, err)
	require.True(t, os.SameFile(a, same))
}

func TestAStreamTouchesNothingOutside(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]tar.Header{
		"a name above":         {{Name: "../evil", Typeflag: tar.TypeReg}},
		"an absolute name":     {{Name: "/tmp/evil", Typeflag: tar.TypeReg}},
		"through a link":       {{Name: "out", Typeflag: tar.TypeSymlink, Linkname: "../.."}, {Name: "out/evil", Typeflag: tar.TypeReg}},
		"a hard link to above": {{Name: "evil", Typeflag: tar.TypeLink, Linkname: "../secret"}},
		"a device":             {{Name: "evil", Typeflag: tar.TypeChar}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for _, h := range entries {
				h.Uid, h.Gid = os.Getuid(), os.Getgid()
				require.NoError(t, w.WriteHeader(&h))
			}
			require.NoError(t, w.Close())
			above := t.TempDir()
			dir := filepath.Join(above, "dir")
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(above, "secret"), nil, 0o600))
			require.Error(t, folder.Read(t.Context(), &b, dir))
			left, err := os.ReadDir(above)
			require.NoError(t, err)
			require.Len(t, left, 2)
		})
	}
}

func TestACutStreamAndACancelAreErrors(t *testing.T) {
	t.Parallel()
	data := stream(t, sample(t))
	require.Error(t, folder.Read(t.Context(), bytes.NewReader(data[:len(data)/2]), t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, folder.Write(ctx, sample(t), &bytes.Buffer{}), context.Canceled)
}
