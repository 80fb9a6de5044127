package server_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

// idleAgent must not be asked for anything but its status.
type idleAgent struct {
	*fakeAgent
	t *testing.T
}

func (a idleAgent) Sync(context.Context, int64) (api.SyncResult, error) {
	a.t.Error("Sync was called")
	return api.SyncResult{}, nil
}

func (a idleAgent) Configure(api.Config) error {
	a.t.Error("Configure was called")
	return nil
}

// What is wrong is refused with the right type and says what, and neither the agent nor the journal learns of it.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	_, socket := serve(t, idleAgent{newFakeAgent(0), t})
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	statuses := map[fault.Type]int{fault.NotFound: http.StatusNotFound, fault.Invalid: http.StatusBadRequest}
	const good = `{"cmd": "true", "timeout_sec": 5}`
	for _, c := range []struct {
		method, path, body string
		kind               fault.Type
		want               string
	}{
		{"GET", "/v1/nosuch", "", fault.NotFound, "no call GET /v1/nosuch"},
		{"BREW", "/v1/status", "", fault.NotFound, "no call BREW /v1/status"},
		{"DELETE", "/v1/status", "", fault.NotFound, "no call DELETE"},
		{"PUT", "/v1/commands/a%2Fb", good, fault.Invalid, `"a/b"`},
		{"PUT", "/v1/commands/..%2F..%2Fetc", good, fault.Invalid, `"../../etc"`},
		{"PUT", "/v1/commands/a%00b", good, fault.Invalid, `"a\x00b"`},
		{"PUT", "/v1/commands/.hidden", good, fault.Invalid, `".hidden"`},
		{"PUT", "/v1/commands/-rf", good, fault.Invalid, `"-rf"`},
		{"PUT", "/v1/commands/a%0Ab", good, fault.Invalid, `"a\nb"`},
		{"PUT", "/v1/commands/%FF", good, fault.Invalid, `"\xff"`},
		{"PUT", "/v1/commands/" + strings.Repeat("a", 201), good, fault.Invalid, "aaa..."},
		{"PUT", "/v1/commands/c1", "", fault.Invalid, "it is empty"},
		{"PUT", "/v1/commands/c2", `{"cmd": "tr`, fault.Invalid, "ends too early"},
		{"PUT", "/v1/commands/c3", `[]`, fault.Invalid, "array"},
		{"PUT", "/v1/commands/c4", good + good, fault.Invalid, "more after the JSON object"},
		{"PUT", "/v1/commands/c5", `{"cmd": 5}`, fault.Invalid, "cmd"},
		{"PUT", "/v1/commands/c6", `{"cmd": "true"}`, fault.Invalid, "timeout_sec must be between"},
		{"PUT", "/v1/commands/c7", `{"cmd": "true", "timeout_sec": -1}`, fault.Invalid, "timeout_sec must be between"},
		{"PUT", "/v1/commands/c8", `{"cmd": "true", "timeout_sec": 1e30}`, fault.Invalid, "timeout_sec"},
		{"PUT", "/v1/commands/c9", `{"cmd": "a\u0000b", "timeout_sec": 5}`, fault.Invalid, "NUL"},
		{"PUT", "/v1/commands/c10", `{"cmd": "true", "timeout_sec": 5, "grace_sec": -1}`, fault.Invalid, "grace_sec"},
		{"PUT", "/v1/commands/c11", `{"cmd": "true", "timeout_sec": 5, "env": ["novalue"]}`, fault.Invalid, "KEY=value"},
		{"PUT", "/v1/commands/c12", `{"cmd": "` + strings.Repeat("x", 128<<10) + `", "timeout_sec": 5}`, fault.Invalid, "128 KiB"},
		{"PUT", "/v1/commands/c13", `{"cmd": "` + strings.Repeat("x", 2<<20) + `"}`, fault.Invalid, "too large"},
		{"PUT", "/v1/commands/c14?wait=soon", good, fault.Invalid, `wait="soon"`},
		{"PUT", "/v1/commands/c15?wait=-1", good, fault.Invalid, `wait="-1"`},
		{"GET", "/v1/commands/never", "", fault.NotFound, "never"},
		// Not so a DELETE of a command that was not launched: it is remembered for a launch on its way.
		{"DELETE", "/v1/commands/..%2Fx", "", fault.Invalid, `"../x"`},
		{"GET", "/v1/commands/..%2Fx", "", fault.Invalid, `"../x"`},
		{"POST", "/v1/sync", "{]", fault.Invalid, "invalid character"},
		{"POST", "/v1/sync", `{"revision": -1}`, fault.Invalid, "revision must not be negative"},
		{"POST", "/v1/sync", `{"revision": 1, "timeout_sec": 9223372036854775807}`, fault.Invalid, "between 0 and 86400"},
		{"POST", "/v1/sync", `{"revision": 1.5}`, fault.Invalid, "revision"},
		{"POST", "/v1/sync", `{"revision": "1"}`, fault.Invalid, "revision"},
		{"PUT", "/v1/config", `{`, fault.Invalid, "ends too early"},
		{"PUT", "/v1/config", `{"monitor": 5}`, fault.Invalid, "monitor"},
	} {
		name := c.method + " " + c.path + " " + c.body
		t.Run(name[:min(len(name), 90)], func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, "http://agent"+c.path, strings.NewReader(c.body))
			require.NoError(t, err)
			res, err := transport.RoundTrip(r)
			require.NoError(t, err)
			defer res.Body.Close()
			var said api.Error
			require.NoError(t, json.NewDecoder(res.Body).Decode(&said))
			require.Equal(t, string(c.kind), said.Type)
			want := statuses[c.kind]
			if c.want == "too large" {
				want = http.StatusRequestEntityTooLarge
			}
			require.Equal(t, want, res.StatusCode)
			require.Equal(t, "application/json", res.Header.Get("Content-Type"))
			require.Contains(t, said.Error, c.want)
			left, err := os.ReadDir(filepath.Join(filepath.Dir(socket), "journal"))
			require.NoError(t, err)
			require.Empty(t, left, "the journal is as it was")
		})
	}
}
