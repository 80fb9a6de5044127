package endtoend

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/tests/apps/consoles"
)

// The examples live through a cluster's life, and ask for nothing that the document does not have.
func TestExamplesOfTheHTTPAPI(t *testing.T) {
	t.Parallel()
	app := publish(t, 1, map[string]string{"start": "true"})
	site := consoles.Start(t, servers)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(site.Token(t, "examples", "operator")), 0o600))
	proxy := newRecorder(t, site.URL)
	for name, command := range map[string][]string{
		"curl": {filepath.Join("..", "..", "examples", "curl", "life.sh"), app},
		"go":   {"go", "run", "../../examples/go", app},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("curl"); name == "curl" && err != nil {
				t.Skip("curl is not installed")
			}
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Env = append(os.Environ(), "DROVER_SERVER="+proxy.URL, "DROVER_TOKEN_FILE="+token)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "active")
			require.Contains(t, string(out), "succeeded")
		})
	}
	proxy.check(t)
}

// recorder passes requests on and keeps what they ask for.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]int // "METHOD path" and the status of the answer
}

func newRecorder(t *testing.T, to string) *recorder {
	t.Helper()
	target, err := url.Parse(to)
	require.NoError(t, err)
	r := &recorder{seen: map[string]int{}}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	proxy.ModifyResponse = func(a *http.Response) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen[a.Request.Method+" "+a.Request.URL.Path] = a.StatusCode
		return nil
	}
	r.Server = httptest.NewServer(proxy)
	t.Cleanup(r.Close)
	return r
}

// check compares the requests with console/openapi.json.
func (r *recorder) check(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("../../console/openapi.json")
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(text, &document))
	known := map[string]*regexp.Regexp{}
	for path, methods := range document.Paths {
		for method := range methods {
			known[strings.ToUpper(method)+" "+path] = regexp.MustCompile("^" + strings.ToUpper(method) + " " + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "[^/]+") + "$")
		}
	}
	require.GreaterOrEqual(t, len(r.seen), 5)
	for request, status := range r.seen {
		require.Less(t, status, 300, request)
		found := false
		for _, pattern := range known {
			found = found || pattern.MatchString(request)
		}
		require.True(t, found, "%s is not in the document", request)
	}
}
