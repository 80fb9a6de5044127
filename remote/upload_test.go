package remote

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/fault"

	"github.com/stretchr/testify/require"
)

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func checkUpload(t *testing.T, p *Pool, target Target) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "new", "deep", "it's a file")
	for _, c := range []struct {
		content string
		mode    fs.FileMode
	}{{strings.Repeat("0123456789", 300_000), 0o755}, {"short", 0o600}, {"", 0o640}} {
		require.NoError(t, p.Upload(t.Context(), target, strings.NewReader(c.content), file, c.mode))
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, c.content == string(got))
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, c.mode, info.Mode())
		sum, err := p.Digest(t.Context(), target, file)
		require.NoError(t, err)
		want, err := FileDigest(strings.NewReader(c.content))
		require.NoError(t, err)
		require.Equal(t, want, sum)
	}
	require.Equal(t, []string{"it's a file"}, names(t, filepath.Dir(file)))
	_, err := p.Digest(t.Context(), target, file+"x")
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	checkUpload(t, newPool(t, Options{Signer: s.user}), s.target())
}

// halfReader yields some bytes, then calls then before every further read.
type halfReader struct {
	some *bytes.Reader
	then func() error
}

func (r *halfReader) Read(b []byte) (int, error) {
	if r.some.Len() > 0 {
		return r.some.Read(b)
	}
	if err := r.then(); err != nil {
		return 0, err
	}
	return copy(b, "more"), nil
}

func TestInterruptedUpload(t *testing.T) {
	t.Parallel()
	interrupt := map[string]func(s *server, cancel func()) func() error{
		"the caller gives up": func(_ *server, cancel func()) func() error {
			return func() error { cancel(); return nil }
		},
		"the source fails": func(*server, func()) func() error { return func() error { return io.ErrUnexpectedEOF } },
		"the connection breaks": func(s *server, _ func()) func() error {
			return func() error { s.dropAll(); return nil }
		},
	}
	for name, f := range interrupt {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, nil)
			p := newPool(t, Options{Signer: s.user})
			dir := t.TempDir()
			file := filepath.Join(dir, "f")
			require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			src := &halfReader{some: bytes.NewReader(make([]byte, 100_000)), then: f(s, cancel)}
			err := p.Upload(ctx, s.target(), src, file, 0o600)
			require.NotNil(t, fault.As(err), "%v", err)
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, "old", string(got), "readers keep the old file")
			if name != "the connection breaks" {
				require.Equal(t, []string{"f"}, names(t, dir), "a node that answers is cleaned at once")
			}
			require.NoError(t, p.Upload(t.Context(), s.target(), strings.NewReader("new"), file, 0o600))
			require.Equal(t, []string{"f"}, names(t, dir))
		})
	}
}

func TestUploadRefusesWhatCanNeverWork(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{Signer: newSigner(t)})
	for _, file := range []string{"", "/", "relative", "/a/../b", "/a/"} {
		err := p.Upload(t.Context(), Target{}, strings.NewReader(""), file, 0o600)
		require.True(t, fault.Is(err, fault.Invalid), "%q: %v", file, err)
	}
}

func TestUploadToAFileWhereAFolderIs(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPool(t, Options{Signer: s.user})
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "d", "x"), 0o700))
	err := p.Upload(t.Context(), s.target(), strings.NewReader("x"), filepath.Join(dir, "d"), 0o600)
	require.Error(t, err)
	require.Equal(t, []string{"d"}, names(t, dir))
}
