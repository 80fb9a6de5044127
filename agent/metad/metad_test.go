package metad

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"drover/fault"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain lets the test binary be a client of another user.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "fetch" {
		fetch(os.Args[2:])
		return
	}
	goleak.VerifyTestMain(m)
}

func root(*http.Request) access { return everything }

func sample() *Tree {
	t := NewTree()
	t.access = root
	t.Set(map[string]string{
		"/hosts/etcd_node/i-1/ip": "10.0.0.1", "/hosts/etcd_node/i-1/sid": "1", "/hosts/etcd_node/i-10/ip": "10.0.0.10",
		"/host/ip": "10.0.0.1", "/env/a.b-c": "", "/env/url": "a<b>&c", "/env/x": "1", "/env/x/y": "2",
	}, nil, false)
	return t
}

func ask(t *testing.T, tree *Tree, target, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	tree.ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		target, accept string
		status         int
		body           string
	}{
		"leaf":         {"/self/host/ip", "", 200, "10.0.0.1"},
		"leaf-slash":   {"/self/host/ip/", "*/*", 200, "10.0.0.1"},
		"leaf-empty":   {"/self/env/a.b-c", "", 200, ""},
		"folder":       {"/self/hosts/etcd_node/i-1", "", 200, "/ip\t10.0.0.1\n/sid\t1\n"},
		"folder-deep":  {"/self/hosts/", "", 200, "/etcd_node/i-1/ip\t10.0.0.1\n/etcd_node/i-1/sid\t1\n/etcd_node/i-10/ip\t10.0.0.10\n"},
		"leaf-wins":    {"/self/env/x", "", 200, "1"},
		"json-leaf":    {"/self/env/url", "application/json", 200, "\"a<b>&c\"\n"},
		"json-folder":  {"/self/hosts", "application/json", 200, `{"etcd_node":{"i-1":{"ip":"10.0.0.1","sid":"1"},"i-10":{"ip":"10.0.0.10"}}}` + "\n"},
		"json-both":    {"/self/env", "application/json", 200, `{"a.b-c":"","url":"a<b>&c","x":{"y":"2"}}` + "\n"},
		"yaml-leaf":    {"/self/env/url", "application/x-yaml", 200, "a<b>&c\n"},
		"yaml-folder":  {"/self/hosts/etcd_node/i-1", "application/yaml, */*", 200, "ip: 10.0.0.1\nsid: \"1\"\n"},
		"text-first":   {"/self/host/ip", "text/plain, application/json;q=0.5", 200, "10.0.0.1"},
		"missing":      {"/self/host/nope", "", 404, "Not found\n"},
		"half-a-name":  {"/self/hosts/etcd", "", 404, "Not found\n"},
		"not-self":     {"/selfish/host", "", 404, "Not found\n"},
		"climbing-out": {"/self/../host", "", 404, "Not found\n"},
		"bad-version":  {"/self?wait=true&prev_version=x", "", 400, "prev_version is not a number\n"},
		"huge-version": {"/self?wait=true&prev_version=99999999999999999999", "", 400, "prev_version is not a number\n"},
		"encoded-dots": {"/self/%2e%2e/host/ip", "", 404, "Not found\n"},
		"below-a-leaf": {"/self/host/ip/more", "", 404, "Not found\n"},
		"other-path":   {"/etc/passwd", "", 404, "Not found\n"},
		"nul":          {"/self/host%00", "", 404, "Not found\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ask(t, sample(), tc.target, tc.accept)
			require.Equal(t, tc.status, w.Code)
			require.Equal(t, tc.body, w.Body.String())
			if tc.status != 400 {
				require.NotEmpty(t, w.Header().Get("X-Metad-Version"))
			}
		})
	}
	require.Contains(t, ask(t, sample(), "/", "").Body.String(), "/self/host/ip\t10.0.0.1\n")
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodDelete} {
		w := httptest.NewRecorder()
		sample().ServeHTTP(w, httptest.NewRequest(method, "/self/host/ip", nil))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Contains(t, w.Body.String(), "metadata is read-only")
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "text/plain; charset=utf-8", "*/*": "text/plain; charset=utf-8", "application/json": "application/json",
		"application/yaml": "application/yaml", "application/x-yaml": "application/x-yaml", "text/yaml": "text/yaml",
	} {
		for _, target := range []string{"/self/host/ip", "/self/host"} {
			require.Equal(t, want, ask(t, sample(), target, accept).Header().Get("Content-Type"), accept)
		}
	}
	require.NotContains(t, ask(t, sample(), "/self/hosts/etcd_node", "").Body.String(), "etcd_node")
	require.NotContains(t, ask(t, sample(), "/self/hosts/secret-name", "").Body.String(), "secret-name", "a search of the answer finds nothing")
}

func TestRootAccess(t *testing.T) {
	t.Parallel()
	tree := NewTree()
	tree.access = root
	tree.Set(map[string]string{"/self/host/ip": "1", "/clusters/cl-a/env/x": "2"}, nil, true)
	require.Equal(t, "1", ask(t, tree, "/self/host/ip", "").Body.String())
	require.Equal(t, "2", ask(t, tree, "/clusters/cl-a/env/x", "").Body.String())
}

func TestWaitAnswersOnAnotherVersion(t *testing.T) {
	t.Parallel()
	tree := sample()
	version := ask(t, tree, "/self/env/x", "").Header().Get("X-Metad-Version")
	require.Equal(t, "1", ask(t, tree, "/self/env/x?wait=true&prev_version=1", "").Body.String(), "another version: at once")

	got := make(chan *httptest.ResponseRecorder)
	go func() { got <- ask(t, tree, "/self/env/x?wait=true&prev_version="+version, "") }()
	same := map[string]string{}
	for k, v := range tree.view().keys {
		same[k] = v
	}
	tree.Set(same, nil, false) // the same again changes nothing
	require.Equal(t, version, ask(t, tree, "/self/env/x", "").Header().Get("X-Metad-Version"))
	tree.Set(map[string]string{"/env/x": "new"}, nil, false)
	w := <-got
	require.Equal(t, "new", w.Body.String())
	require.Greater(t, w.Header().Get("X-Metad-Version"), version)
}

func TestWaitEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/self?wait=true", nil)
		sample().ServeHTTP(httptest.NewRecorder(), r)
	}()
	cancel()
	<-done
}

func TestServeOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, addr := range []string{"0.0.0.0:80", ":80", "[::]:80", "10.0.0.1:80", "localhost", "localhost:80", "metadata:80", "", "127.0.0.1"} {
		err := sample().Serve(t.Context(), addr, log)
		require.True(t, fault.Is(err, fault.Invalid), addr)
		require.ErrorContains(t, err, `"`+addr+`"`)
	}
	l, err := net.Listen("tcp", "127.77.0.5:0")
	require.NoError(t, err)
	require.True(t, fault.Is(sample().Serve(t.Context(), l.Addr().String(), log), fault.Unreachable), "taken")

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	tree := sample()
	tree.access = accessOf
	go func() { done <- tree.serve(ctx, l, log) }()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get("http://" + l.Addr().String() + "/self/host/ip")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, "10.0.0.1", string(body))
	cancel()
	require.NoError(t, <-done)
}
