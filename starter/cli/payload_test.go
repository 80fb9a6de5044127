package cli

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	"drover/codec"
	"drover/workflows/api"
)

// withDecoded is JSON and, behind it, whatever of it is base64.
func withDecoded(text string) string {
	all := text
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == '"' }) {
		if clear, err := base64.StdEncoding.DecodeString(word); err == nil {
			all += string(clear)
		}
	}
	return all
}

// A worker without the key must not take what it cannot read for a failure: the operation waits for one that can.
func TestAnOperationWaitsForAWorkerWithTheKey(t *testing.T) {
	t.Parallel()
	s := server(t)
	path := filepath.Join(t.TempDir(), "payload.key")
	_, err := codec.Generate(path, false)
	require.NoError(t, err)
	keys, err := codec.ReadKeys(path)
	require.NoError(t, err)
	dial := func(apply func(*client.Options, codec.Keys), keys codec.Keys) client.Client {
		options := client.Options{HostPort: s.FrontendHostPort(), Namespace: "sealed", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
		apply(&options, keys)
		c, err := client.Dial(options)
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return c
	}
	serve := func(keys codec.Keys) worker.Worker {
		w := worker.New(dial(codec.ApplyToWorker, keys), "keyless", worker.Options{DisableRegistrationAliasing: true})
		register(w)
		require.NoError(t, w.Start())
		return w
	}
	user := dial(codec.Apply, keys)
	without := serve(codec.Keys{})
	run, err := user.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "cluster/cl-keyless1", TaskQueue: "keyless"},
		api.CreateCluster, api.CreateClusterInput{App: "etcd"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return strings.Contains(stored(t, s, run.GetID()), "EVENT_TYPE_WORKFLOW_TASK_FAILED")
	}, time.Minute, 100*time.Millisecond)
	without.Stop()

	with := serve(keys)
	t.Cleanup(with.Stop)
	var result api.OperationResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, "active", result.ClusterState)
}

// sealedWorker serves the scripts in namespace "sealed" with a payload key of its own; it returns the key's file.
func sealedWorker(t *testing.T, s *devServer) string {
	t.Helper()
	key := filepath.Join(t.TempDir(), "payload.key")
	_, err := codec.Generate(key, false)
	require.NoError(t, err)
	keys, err := codec.ReadKeys(key)
	require.NoError(t, err)
	options := client.Options{HostPort: s.FrontendHostPort(), Namespace: "sealed", Identity: codec.Identity(keys), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	codec.ApplyToWorker(&options, keys)
	c, err := client.Dial(options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, api.TaskQueue, worker.Options{DisableRegistrationAliasing: true, MaxHeartbeatThrottleInterval: 100 * time.Millisecond})
	register(w)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.NoError(t, polled(c))
	return key
}

// stored is all Temporal keeps of a workflow, as JSON, its payloads not in base64 but as they are.
func stored(t *testing.T, s *devServer, workflowID string) string {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.FrontendHostPort(), Namespace: "sealed", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	defer c.Close()
	var all strings.Builder
	events := c.GetWorkflowHistory(t.Context(), workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		text, err := protojson.Marshal(event)
		require.NoError(t, err)
		all.WriteString(withDecoded(string(text)))
	}
	described, err := c.DescribeWorkflowExecution(t.Context(), workflowID, "")
	require.NoError(t, err)
	text, err := protojson.Marshal(described)
	require.NoError(t, err)
	all.WriteString(withDecoded(string(text)))
	return all.String()
}

func TestWithAPayloadKeyTemporalStoresNoClearText(t *testing.T) {
	t.Parallel()
	s := server(t)
	key := sealedWorker(t, s)
	run := func(args ...string) *call {
		return prepare(s, append(args, "--namespace", "sealed", "--payload-key", key)...).run(t.Context())
	}

	c := run("create", "etcd", "--id", "cl-sealed01", "--set", "env.password=hunter2")
	require.Equal(t, exitOK, c.code, c.stderr.String())
	require.Regexp(t, `(?m)^state +active$`, c.stdout.String())

	c = run("create", "etcd", "--name", "fail", "--id", "cl-sealed02", "--set", "env.password=hunter2")
	require.Equal(t, exitFailed, c.code)
	for _, want := range []string{"start of etcd_node failed on cln-00000001", "exit code  7", "    | first line\n    | last line\n"} {
		require.Contains(t, c.stderr.String(), want, "who holds the key is told everything")
	}

	// A held step is resolved by an update, and a waiting activity shows its heartbeats.
	require.Equal(t, exitOK, run("create", "etcd", "--name", "hold", "--id", "cl-sealed03", "--on-failure", "hold", "--no-wait").code)
	var resolved *call
	require.Eventually(t, func() bool {
		resolved = run("resolve", "cl-sealed03", "--skip", "--yes", "--reason", "looked at hunter2 myself")
		return resolved.code == exitOK
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, exitOK, run("create", "etcd", "--name", "wait", "--id", "cl-sealed04", "--no-wait").code)
	require.Eventually(t, func() bool {
		return strings.Contains(run("status", "cl-sealed04").stdout.String(), "waiting for peers")
	}, time.Minute, 100*time.Millisecond, "heartbeats are decrypted")
	waiting := stored(t, s, "cluster/cl-sealed04")
	require.Equal(t, exitOK, run("cancel", "cl-sealed04").code)

	all := waiting
	for _, id := range []string{"cl-sealed01", "cl-sealed02", "cl-sealed03"} {
		all += stored(t, s, "cluster/"+id)
	}
	require.True(t, strings.Contains(all, "binary/encrypted") && strings.Contains(all, "Encoded failure"))
	for _, clear := range []string{"hunter2", "password", "etcd_node", "last line", "waiting for peers"} {
		require.NotContains(t, all, clear, "Temporal stores it in the clear")
	}
	readThroughCodecServer(t, s, key)

	// Without the key, or with another: refused before anything is sent.
	other := filepath.Join(t.TempDir(), "other.key")
	made := prepare(s, "keygen", other).run(t.Context())
	require.Equal(t, exitOK, made.code, made.stderr.String())
	for want, args := range map[string][]string{
		"no key is configured":    nil,
		"the payload keys differ": {"--payload-key", other},
	} {
		c := prepare(s, append([]string{"create", "etcd", "--id", "cl-sealed05", "--namespace", "sealed"}, args...)...).run(t.Context())
		require.Equal(t, exitUnreachable, c.code)
		require.Contains(t, c.stderr.String(), want)
		require.Contains(t, c.stderr.String(), "nothing was sent")
	}
	c = prepare(s, "create", "etcd", "--id", "cl-sealed05", "--payload-key", key).run(t.Context())
	require.Equal(t, exitUnreachable, c.code)
	require.Contains(t, c.stderr.String(), "the workers have no payload key")
}

// readThroughCodecServer shows the history to the temporal CLI in the clear.
func readThroughCodecServer(t *testing.T, s *devServer, key string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	serving := prepare(s, "codec-server", "--listen", "127.0.0.1:0", "--payload-key", key)
	address := make(chan string, 1)
	serving.stderr.seen = func(all string) {
		if _, rest, ok := strings.Cut(all, "http://"); ok {
			at, _, _ := strings.Cut(rest, ";")
			select {
			case address <- "http://" + at:
			default:
			}
		}
	}
	ended := make(chan *call, 1)
	go func() { ended <- serving.run(ctx) }()
	var endpoint string
	select {
	case endpoint = <-address:
	case c := <-ended:
		stop()
		require.Fail(t, "the codec server ended", c.stderr.String())
	}
	show := func(extra ...string) string {
		path, err := exec.Command("../../tools/ensure", "temporal").Output()
		require.NoError(t, err)
		args := []string{"workflow", "show", "-w", "cluster/cl-sealed02", "--address", s.FrontendHostPort(), "--namespace", "sealed", "-o", "json"}
		out, err := exec.CommandContext(ctx, strings.TrimSpace(string(path)), append(args, extra...)...).CombinedOutput()
		require.NoError(t, err, string(out))
		return withDecoded(string(out))
	}
	require.NotContains(t, show(), "last line")
	clear := show("--codec-endpoint", endpoint)
	require.True(t, strings.Contains(clear, "last line") && strings.Contains(clear, "hunter2"), "the key's holder reads everything")

	answer, err := http.Get(endpoint + "/decode")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
	stop()
	require.Equal(t, exitOK, (<-ended).code)
	require.NotEqual(t, exitOK, prepare(s, "codec-server", "--listen", "0.0.0.0:0", "--payload-key", key).run(t.Context()).code)
}
