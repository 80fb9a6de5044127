package cli

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drover/client"
	wire "drover/console/api"
	"drover/console/auth"
	consoleserver "drover/console/server"
	"drover/fault"
	"drover/metadata"
	"drover/workflows/api"
)

// scriptedViews are the clusters of the scripted worker, as the console reads them.
type scriptedViews struct{}

func viewOf(id string) (v metadata.View) {
	c := scripted(id)
	c.Nodes = []api.NodeView{{NodeID: "cln-00000001", InstanceID: "i-00000001", Role: "etcd_node", SID: 1, IP: "10.0.0.1", CPU: 1, Memory: 1024}}
	text, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		panic(err)
	}
	return v
}

func (scriptedViews) All(context.Context) ([]metadata.View, error) {
	return []metadata.View{viewOf("cl-bbbbbbbb"), viewOf("cl-aaaaaaaa")}, nil
}

func (scriptedViews) One(_ context.Context, id string) (metadata.View, <-chan struct{}, error) {
	if id == missing {
		return metadata.View{}, nil, fault.New(fault.NotFound, "cluster %s does not exist", id)
	}
	return viewOf(id), nil, nil
}

// consoleOf is a drover-console in front of a Temporal server, and the file of a token for each role.
func consoleOf(t *testing.T, s *devServer) (url string, tokens map[string]string) {
	t.Helper()
	dir := t.TempDir()
	users, err := auth.Open(filepath.Join(dir, "tokens.json"), time.Now)
	require.NoError(t, err)
	audit, err := auth.OpenAudit(filepath.Join(dir, "audit.jsonl"))
	require.NoError(t, err)
	c, err := client.Dial(t.Context(), client.Options{Address: s.address, Env: environment{"TEMPORAL_CONFIG_FILE=/dev/null"}, ConnectTimeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	ctx, stop := context.WithCancel(context.Background())
	site := httptest.NewServer(consoleserver.New(ctx, consoleserver.Options{
		Client: c, Views: scriptedViews{}, Pages: http.NotFoundHandler(), Auth: users, Audit: audit, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}).Handler())
	t.Cleanup(func() { stop(); site.CloseClientConnections(); site.Close() })
	tokens = map[string]string{}
	for _, role := range []string{wire.Viewer, wire.Operator, wire.Admin} {
		issued, err := users.Issue(wire.NewToken{Name: role + "-ann", Role: role}, "test")
		require.NoError(t, err)
		tokens[role] = filepath.Join(dir, role)
		require.NoError(t, os.WriteFile(tokens[role], []byte(issued.Text+"\n"), 0o600))
	}
	return site.URL, tokens
}

// viaConsole runs a command line that knows drover-console and not Temporal.
func viaConsole(t *testing.T, url, token string, args ...string) *call {
	t.Helper()
	c := prepare(&devServer{}, args...)
	c.Environ = []string{"DROVER_SERVER=" + url, "DROVER_TOKEN_FILE=" + token, "TEMPORAL_CONFIG_FILE=/dev/null", "TEMPORAL_ADDRESS=127.0.0.1:1"}
	return c.run(t.Context())
}

// What a command prints, and its exit code, do not depend on the way it takes.
func TestCommandsAnswerTheSameThroughTheConsole(t *testing.T) {
	t.Parallel()
	s := server(t)
	url, tokens := consoleOf(t, s)
	times := regexp.MustCompile(`\d+(\.\d+)?s|\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+Z`)
	runs := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
	plain := func(text string) string { return runs.ReplaceAllString(times.ReplaceAllString(text, "T"), "RUN") }
	for i, args := range []string{
		"list", "list -o json", "list --state stopped", "status cl-aaaaaaaa", "nodes cl-aaaaaaaa", "nodes demo",
		"apps list", "apps show etcd", "apps show etcd 3.5.0 -o json", "apps yank etcd --version 3.5.0", "apps unpublish etcd --version 3.5.0 --yes", "apps unpublish etcd --version 9 --yes", "apps yank etcd --version 3.5.0 --undo -o json", "env show cl-aaaaaaaa", "ops cl-aaaaaaaa", "logs cl-aaaaaaaa",
		"create etcd --id cl-way@0001", "create etcd --id cl-way@0002 -o json", "create etcd --name fail --id cl-way@0003",
		"create etcd --name refuse --id cl-way@0004", "plan create etcd --id cl-way@0005", "plan create etcd --id cl-way@0005 -o json",
		"create nothing --id cl-way@0006", "delete cl-way@0007 --yes", "add-nodes cl-aaaaaaaa --count 0", "cancel cl-way@0001", "watch cl-way@0003",
		"status cl-way@0003", "ops cl-way@0003 9", "run cl-aaaaaaaa nothing-like-this --no-such-flag",
	} {
		way := func(letter string) []string { return strings.Fields(strings.ReplaceAll(args, "@", letter)) }
		direct := drover(t, way("d")...)
		other := viaConsole(t, url, tokens[wire.Admin], way("h")...)
		same := func(text string) string { return strings.ReplaceAll(plain(text), "cl-wayh", "cl-wayd") }
		assert.Equal(t, direct.code, other.code, "%d %s: %s", i, args, other.stderr.String())
		assert.Equal(t, plain(direct.stdout.String()), same(other.stdout.String()), args)
		assert.Equal(t, plain(direct.stderr.String()), same(other.stderr.String()), args)
	}
}

// A held operation is followed, resolved and cancelled through the console, by who may.
func TestAnOperationIsDrivenThroughTheConsole(t *testing.T) {
	t.Parallel()
	s := server(t)
	url, tokens := consoleOf(t, s)
	const id = "cl-thru0001"
	refused := viaConsole(t, url, tokens[wire.Viewer], "create", "etcd", "--id", id)
	require.Equal(t, exitRefused, refused.code)
	require.Contains(t, refused.stderr.String(), "needs the role operator")

	started := viaConsole(t, url, tokens[wire.Operator], "create", "etcd", "--name", "hold", "--id", id, "--no-wait", "-o", "json")
	require.Equal(t, exitOK, started.code, started.stderr.String())
	run := decoded[client.Started](t, started.stdout.String())
	require.Equal(t, "cluster/"+id, run.WorkflowID)

	watcher := prepare(s, "watch", id, "--server", url, "--token-file", tokens[wire.Viewer])
	watcher.Environ = []string{"TEMPORAL_CONFIG_FILE=/dev/null"}
	held := make(chan struct{})
	var once sync.Once
	watcher.stdout.seen = func(all string) {
		if strings.Contains(all, "drover resolve "+id) {
			once.Do(func() { close(held) })
		}
	}
	watched := make(chan *call, 1)
	go func() { watched <- watcher.run(t.Context()) }()
	<-held
	require.Contains(t, viaConsole(t, url, tokens[wire.Viewer], "status", id).stdout.String(), "etcd_node/2 cln-00000002")
	require.Equal(t, exitRefused, viaConsole(t, url, tokens[wire.Viewer], "resolve", id, "--retry").code)
	resolved := viaConsole(t, url, tokens[wire.Operator], "resolve", id, "--retry")
	require.Equal(t, exitOK, resolved.code, resolved.stderr.String())
	require.Equal(t, exitOK, (<-watched).code)
	ops := viaConsole(t, url, tokens[wire.Viewer], "ops", id)
	require.Contains(t, ops.stdout.String(), "operator-ann", "the token says who asked")
}

func TestSettingsForTheConsole(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("drover_x\n"), 0o600))
	for args, want := range map[string]string{
		"list --server ftp://x --token-file " + token:                                           "is not an address of the form",
		"list --server http://console.example:7680 --token-file " + token:                       "use https://console.example:7680",
		"list --server https://console.example":                                                 "--token-file or DROVER_TOKEN_FILE",
		"list --server https://console.example --token-file /nowhere":                           "cannot read the token file",
		"list --server https://console.example --address localhost:7233":                        "use one or the other",
		"list --server https://console.example --as bob":                                        "the token says who asks",
		"list --server https://console.example --server-ca " + token + " --token-file " + token: "has no certificate",
		"codec-server --server https://console.example":                                         "drover codec-server does not work with --server",
		"example CreateCluster --server https://console.example":                                "drover example does not work with --server",
	} {
		c := &call{}
		c.System = System{Args: strings.Fields(args), Stdin: strings.NewReader(""), Stdout: &c.stdout, Stderr: &c.stderr, Environ: []string{"TEMPORAL_CONFIG_FILE=/dev/null"}}
		c.run(t.Context())
		require.Equal(t, exitUsage, c.code, "%s: %s", args, c.stderr.String())
		require.Contains(t, c.stderr.String(), want, args)
	}
	c := &call{}
	c.System = System{Args: []string{"list", "--server", "http://127.0.0.1:1", "--token-file", token}, Stdout: &c.stdout, Stderr: &c.stderr}
	require.Equal(t, exitUnreachable, c.run(t.Context()).code)
	require.Contains(t, c.stderr.String(), "cannot reach drover-console at http://127.0.0.1:1")
	require.NotContains(t, c.stderr.String(), "drover_x")
}
