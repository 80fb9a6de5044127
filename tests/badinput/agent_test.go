package badinput

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/agent/journal"
	"drover/agent/metad"
	"drover/agent/server"
	"drover/fault"
	"drover/metadata/pack"
)

// idleAgent must not be asked anything but its status.
type idleAgent struct{ t *testing.T }

func (a idleAgent) Status() api.Status { return api.Status{NodeID: "cln-bad00001"} }
func (a idleAgent) Sync(context.Context, int64) (api.SyncResult, error) {
	a.t.Error("sync was asked")
	return api.SyncResult{}, nil
}
func (a idleAgent) Reload(context.Context) (api.SyncResult, error) {
	a.t.Error("reload was asked")
	return api.SyncResult{}, nil
}
func (a idleAgent) Configure(api.Config) error { a.t.Error("configured"); return nil }

func agentCases(t *testing.T) []refusal {
	dir := t.TempDir()
	j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "journal"), Supervisor: []string{"/bin/false"}})
	require.NoError(t, err)
	t.Cleanup(j.Close)
	socket := filepath.Join(dir, "agent.sock")
	l, err := server.Listen(socket)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.New(idleAgent{t}, j, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		require.NoError(t, <-done)
	})
	ask := func(t *testing.T, method, path, body string) error {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://agent"+path, strings.NewReader(body))
		require.NoError(t, err)
		res, err := transport.RoundTrip(r)
		require.NoError(t, err)
		defer res.Body.Close()
		if res.StatusCode < 300 {
			return nil
		}
		var said api.Error
		require.NoError(t, json.NewDecoder(res.Body).Decode(&said))
		left, err := os.ReadDir(filepath.Join(dir, "journal"))
		require.NoError(t, err)
		require.Empty(t, left, "the journal is as it was")
		return fault.New(fault.Type(said.Type), "%s", said.Error)
	}
	const good = `{"cmd": "true", "timeout_sec": 5}`
	var out []refusal
	for _, c := range []struct {
		method, path, body string
		kind               fault.Type
		tells              string
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
		// Not so a DELETE of one that nobody launched: it is remembered for a launch on its way.
		{"DELETE", "/v1/commands/..%2Fx", "", fault.Invalid, `"../x"`},
		{"GET", "/v1/commands/..%2Fx", "", fault.Invalid, `"../x"`},
		{"POST", "/v1/sync", `{"revision": -1}`, fault.Invalid, "revision must not be negative"},
		{"POST", "/v1/sync", `{"revision": 1, "timeout_sec": 9223372036854775807}`, fault.Invalid, "between 0 and 86400"},
		{"POST", "/v1/sync", `{"revision": 1.5}`, fault.Invalid, "revision"},
		{"POST", "/v1/sync", `{"revision": "1"}`, fault.Invalid, "revision"},
		{"PUT", "/v1/config", `{`, fault.Invalid, "ends too early"},
		{"PUT", "/v1/config", `{"monitor": 5}`, fault.Invalid, "monitor"},
	} {
		name := c.method + " " + c.path + " " + c.body
		out = append(out, refusal{name[:min(len(name), 90)], func(t *testing.T) error { return ask(t, c.method, c.path, c.body) }, c.kind, []string{c.tells}})
	}
	return out
}

// metadataCases are requests of the metadata server; the error is its status and text.
func metadataCases(*testing.T) []refusal {
	tree := metad.NewTree()
	tree.Set(map[string]string{"/host/ip": "10.0.0.1"}, false)
	var out []refusal
	for _, c := range []struct{ method, target, tells string }{
		{"GET", "/self/nosuch", `404: no such metadata: "/self/nosuch"`},
		{"GET", "/self/../host/ip", "404: "},
		{"GET", "/self/%2e%2e/host/ip", "404: "},
		{"GET", "/self/host/ip/more", "404: "},
		{"GET", "/etc/passwd", "404: "},
		{"GET", "/selfish", "404: "},
		{"GET", "/self/host%00", `404: no such metadata: "/self/host\x00"`},
		{"GET", "/self?wait=true&prev_version=x", "400: prev_version is not a number"},
		{"GET", "/self?wait=true&prev_version=99999999999999999999", "400: prev_version is not a number"},
		{"POST", "/self/host/ip", "405: metadata is read-only"},
		{"PUT", "/self/host/ip", "405: metadata is read-only"},
		{"DELETE", "/self", "405: metadata is read-only"},
	} {
		out = append(out, refusal{c.method + " " + c.target, func(t *testing.T) error {
			w := httptest.NewRecorder()
			tree.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.target, nil))
			if w.Code < 300 {
				return nil
			}
			return &answered{w.Code, w.Body.String()}
		}, "", []string{c.tells}})
	}
	for _, addr := range []string{"", "127.0.0.1", "0.0.0.0:80", "[::]:80", "localhost:80", "10.0.0.1:80"} {
		out = append(out, refusal{"listen on " + addr, func(t *testing.T) error {
			return tree.Serve(t.Context(), addr, slog.New(slog.DiscardHandler))
		}, fault.Invalid, []string{"metadata address", `"` + addr + `"`}})
	}
	return out
}

// resourceCases are resource files and templates of packages, as `drover-agent check-config` tells about them.
func resourceCases(*testing.T) []refusal {
	const head = "[template]\nsrc = 'a.tmpl'\ndest = '/x'\nkeys = ['/']\n"
	var out []refusal
	for _, c := range []struct{ name, resource, template, tells string }{
		{"empty", "", "", "conf.d/a.toml: error: no [template] table"},
		{"no TOML", "[template\n", "", "conf.d/a.toml:2: error"},
		{"cut in a string", "[template]\nsrc = 'a", "", "conf.d/a.toml:2: error"},
		{"key twice", head + "src = 'b'\n", "", "conf.d/a.toml:5: error"},
		{"not UTF-8", "[template]\nsrc = '\xff'\n", "", "conf.d/a.toml:2: error"},
		{"NUL", "[template]\nsrc = '\x00'\n", "", "conf.d/a.toml:2: error"},
		{"src missing", "[template]\ndest = '/x'\nkeys = ['/']\n", "", "src is missing"},
		{"dest missing", "[template]\nsrc = 'a.tmpl'\nkeys = ['/']\n", "", "dest is missing"},
		{"dest a folder", "[template]\nsrc = 'a.tmpl'\ndest = '/x/'\n", "", `dest "/x/" is a folder`},
		{"src no text", "[template]\nsrc = 5\ndest = '/x'\n", "", "src"},
		{"keys no list", "[template]\nsrc = 'a.tmpl'\ndest = '/x'\nkeys = '/'\n", "", "keys"},
		{"src gone", "[template]\nsrc = 'gone.tmpl'\ndest = '/x'\nkeys = ['/']\n", "", "src gone.tmpl"},
		{"mode in words", head + "mode = 'rw-r--r--'\n", "", `mode "rw-r--r--"`},
		{"mode negative", head + "mode = '-1'\n", "", `mode "-1"`},
		{"mode huge", head + "mode = '0777777777777777'\n", "", `mode "0777777777777777"`},
		{"interval in words", head + "min_reload_interval = 'soon'\n", "", "soon"},
		{"interval negative", head + "min_reload_interval = -1\n", "", "-1"},
		{"interval huge", head + "min_reload_interval = 9999999999999\n", "", "9999999999999"},
		{"interval a list", head + "reload_cmd_timeout = [1]\n", "", "duration"},
		{"format", head + "output_format = 'ini'\n", "", `output_format "ini" is unknown`},
		{"check command", head + "check_cmd = '{{'\n", "", "check_cmd"},
		{"action never closed", head, "ok\n{{getv \"/a\"", "templates/a.tmpl:2: error"},
		{"function unknown", head, "{{nosuch}}", `templates/a.tmpl:1: error: function "nosuch" not defined`},
		{"end missing", head, "{{if true}}\n", "templates/a.tmpl:"},
		{"end too many", head, "\n\n{{end}}", "templates/a.tmpl:3: error"},
	} {
		out = append(out, refusal{c.name, func(t *testing.T) error {
			dir := t.TempDir()
			for name, text := range map[string]string{"conf.d/a.toml": c.resource, "templates/a.tmpl": c.template} {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			problems, err := confd.New(confd.Options{ConfDir: dir, Logger: slog.New(slog.DiscardHandler)}).CheckConfig(t.Context())
			require.NoError(t, err)
			var all []string
			for _, p := range problems {
				if p.Severity == confd.SeverityError {
					all = append(all, p.String())
				}
			}
			if len(all) == 0 {
				return nil
			}
			return fault.New(fault.Invalid, "%s", strings.Join(all, "\n"))
		}, fault.Invalid, []string{c.tells}})
	}
	return out
}

// consulCases are damaged trees and changes as an agent may find them in Consul, and files of keys.
func consulCases(*testing.T) []refusal {
	full := pack.Full{Revision: 3, Entries: []pack.Entry{{Key: "/a", Value: "1"}, {Key: "/b", Value: "2"}}}.Encode()
	recent := pack.Recent{{From: 1, To: 2, Set: []pack.Entry{{Key: "/a", Value: "1"}}}}.Encode()
	var out []refusal
	for _, c := range []struct {
		name, tells string
		text        []byte
		parse       func([]byte) error
	}{
		{"tree empty", "not a packed metadata tree (0 bytes)", nil, parseFull},
		{"tree of JSON", "not a packed metadata tree", []byte(`{"a": 1}`), parseFull},
		{"tree of another kind", "not a packed metadata tree", recent, parseFull},
		{"tree of an unknown packing", "not a packed metadata tree", []byte("F\x07"), parseFull},
		{"tree cut", "ends too early", full[:len(full)-1], parseFull},
		{"tree without content", "ends too early", full[:2], parseFull},
		{"tree with a huge count", "ends too early", []byte("F\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01"), parseFull},
		{"tree with a huge text", "ends too early", []byte("F\x00\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), parseFull},
		{"tree with a number without end", "ends too early", []byte("F\x00" + strings.Repeat("\xff", 20)), parseFull},
		{"tree with a broken deflate", "unpack metadata tree", []byte("F\x01\xff\xff\xff"), parseFull},
		{"tree that is a bomb", "larger than 128 MiB", bombOf(129 << 20), parseFull},
		{"changes empty", "not packed metadata changes (0 bytes)", nil, parseRecent},
		{"changes of another kind", "not packed metadata changes", full, parseRecent},
		{"changes cut", "ends too early", recent[:len(recent)-1], parseRecent},
		{"changes with a huge size", "ends too early", []byte("R\xff\xff\xff\xff\x7f"), parseRecent},
		{"keys no JSON", "keys", []byte("hello"), parseKeys},
		{"keys empty", "keys", nil, parseKeys},
	} {
		out = append(out, refusal{c.name, func(*testing.T) error { return c.parse(c.text) }, "", []string{c.tells}})
	}
	return out
}

func parseFull(b []byte) error   { _, err := pack.ParseFull(b); return err }
func parseRecent(b []byte) error { _, err := pack.ParseRecent(b); return err }
func parseKeys(b []byte) error   { _, err := confd.ReadKeys(strings.NewReader(string(b))); return err }

// answered is an HTTP answer that is no success.
type answered struct {
	status int
	text   string
}

func (a *answered) Error() string { return fmt.Sprintf("%d: %s", a.status, a.text) }

// bombOf is a packed tree that is small and unpacks to n bytes.
func bombOf(n int64) []byte {
	var b bytes.Buffer
	b.WriteString("F\x01")
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = io.CopyN(w, zeros{}, n)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
