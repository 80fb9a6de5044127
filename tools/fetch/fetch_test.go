package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const program = "#!/bin/sh\necho version 1.2.3\n"

func tarWith(t *testing.T, name, program string) []byte {
	var packed bytes.Buffer
	plain := gzip.NewWriter(&packed)
	members := tar.NewWriter(plain)
	require.NoError(t, members.WriteHeader(&tar.Header{Name: "dir/LICENSE", Typeflag: tar.TypeReg}))
	require.NoError(t, members.WriteHeader(&tar.Header{Name: "dir/" + name, Typeflag: tar.TypeReg, Size: int64(len(program))}))
	_, err := members.Write([]byte(program))
	require.NoError(t, err)
	require.NoError(t, members.Close())
	require.NoError(t, plain.Close())
	return packed.Bytes()
}

func zipOf(t *testing.T, name string) []byte {
	var packed bytes.Buffer
	members := zip.NewWriter(&packed)
	member, err := members.Create(name)
	require.NoError(t, err)
	_, err = member.Write([]byte(program))
	require.NoError(t, err)
	require.NoError(t, members.Close())
	return packed.Bytes()
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func TestFetch(t *testing.T) {
	t.Parallel()
	tarball, zipped := tarWith(t, "tool", program), zipOf(t, "tool")
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	server := http.NewServeMux()
	give := func(content []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }
	}
	server.HandleFunc("/tool.tar.gz", give(tarball))
	server.HandleFunc("/tool.zip", give(zipped))
	server.HandleFunc("/other.zip", give(zipOf(t, "other")))
	server.HandleFunc("/garbage.tar.gz", give([]byte("no archive")))
	server.Handle("/moved.zip", http.RedirectHandler("/tool.zip", http.StatusFound))
	server.Handle("/circle.zip", http.RedirectHandler("/circle.zip", http.StatusFound))
	server.HandleFunc("/cut.zip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(zipped)
	})
	server.HandleFunc("/silent.zip", func(http.ResponseWriter, *http.Request) { <-never })
	server.HandleFunc("/stuck.zip", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(zipped[:10])
		_ = http.NewResponseController(w).Flush()
		<-never
	})
	plain := httptest.NewServer(server)
	t.Cleanup(plain.CloseClientConnections)

	for _, c := range []struct {
		name, url, sum, refused string
	}{
		{"tar", plain.URL + "/tool.tar.gz", sumOf(tarball), ""},
		{"zip", plain.URL + "/tool.zip", sumOf(zipped), ""},
		{"redirect", plain.URL + "/moved.zip", sumOf(zipped), ""},
		{"endless redirect", plain.URL + "/circle.zip", "", "more than 5 redirects"},
		{"wrong sum", plain.URL + "/tool.zip", sumOf(tarball), "SHA-256 is " + sumOf(zipped) + ", pinned is " + sumOf(tarball)},
		{"missing", plain.URL + "/none.zip", "", "404 Not Found"},
		{"cut in the middle", plain.URL + "/cut.zip", sumOf(zipped), "of 100000 bytes: unexpected EOF"},
		{"no answer", plain.URL + "/silent.zip", "", "no answer within 200ms"},
		{"stuck", plain.URL + "/stuck.zip", "", "bytes in 200ms are fewer than 1024"},
		{"not the program", plain.URL + "/other.zip", sumOf(zipOf(t, "other")), "there is no file tool in it"},
		{"not an archive", plain.URL + "/garbage.tar.gz", sumOf([]byte("no archive")), "unpack"},
		{"unknown host", "https://name.invalid/tool.zip", "", "name.invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			file := filepath.Join(folder, "tool")
			began := time.Now()
			err := fetch(t.Context(), patience{window: 200 * time.Millisecond, least: 1024}, release{c.url, c.sum, "tool"}, file)
			require.Less(t, time.Since(began), 5*time.Second)
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				left, err := os.ReadDir(folder)
				require.NoError(t, err)
				require.Empty(t, left)
				return
			}
			require.NoError(t, err)
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, program, string(content))
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
		})
	}
}

func TestARedirectFromTLSToPlainHTTPIsRefused(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequest(http.MethodGet, "http://example.org/tool.zip", nil)
	before := httptest.NewRequest(http.MethodGet, "https://example.org/tool.zip", nil)
	require.ErrorContains(t, onlySafer(request, []*http.Request{before}), "redirected from TLS to http://example.org")
	require.NoError(t, onlySafer(before, []*http.Request{request}))
}
