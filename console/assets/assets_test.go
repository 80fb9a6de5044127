package assets_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/console/assets"
)

var pages = sync.OnceValue(assets.Handler)

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	pages().ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(body)
}

// script is the path of the script that index.html names.
func script(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`src="(/assets/[^"]+\.js)"`).FindStringSubmatch(text(t, get(t, "GET", "/")))
	require.NotNil(t, found)
	return found[1]
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path string
		status       int
		kind, cache  string
	}{
		{"GET", "/", 200, "text/html", "no-cache"},
		{"GET", "/clusters/cl-a1b2c3d4", 200, "text/html", "no-cache"},
		{"GET", "/operations/cl-a1b2c3d4.0190a1b2", 200, "text/html", "no-cache"},
		{"GET", script(t), 200, "text/javascript", "public, max-age=31536000, immutable"},
		{"HEAD", "/favicon.svg", 200, "image/svg+xml", "no-cache"},
		{"GET", "/assets/index-old.js", 404, "text/plain", ""},
		{"GET", "/assets/../../assets.go", 404, "text/plain", ""},
		{"POST", "/", 405, "text/plain", ""},
	} {
		r := get(t, c.method, c.path)
		require.Equal(t, c.status, r.StatusCode, c.path)
		require.Contains(t, r.Header.Get("Content-Type"), c.kind, c.path)
		require.Equal(t, c.cache, r.Header.Get("Cache-Control"), c.path)
	}
}

// What the server's content security policy forbids would not run.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	page := text(t, get(t, "GET", "/"))
	require.NotRegexp(t, `<script(?:\s[^>]*)?>[^<]`, page)
	require.NotContains(t, page, "<style")
	require.NotContains(t, page, "style=")
	require.NotRegexp(t, `\son\w+=`, page)
}

func TestGzip(t *testing.T) {
	t.Parallel()
	path := script(t)
	plain := text(t, get(t, "GET", path))
	packed := get(t, "GET", path, "Accept-Encoding", "gzip, br")
	require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
	z, err := gzip.NewReader(packed.Body)
	require.NoError(t, err)
	unpacked, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, plain, string(unpacked))
}

// The files that index.html loads before the first page is shown, and the texts of English within them.
func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	page := text(t, get(t, "GET", "/"))
	sum := 0
	for _, found := range regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		r := get(t, "GET", found[1], "Accept-Encoding", "gzip")
		require.Equal(t, 200, r.StatusCode, found[1])
		sum += len(text(t, r))
	}
	require.NotZero(t, sum)
	require.Less(t, sum, 150_000)
	require.True(t, strings.HasPrefix(page, "<!doctype html>"))
}
