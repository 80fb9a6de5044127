package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"drover/workflows/api"
)

// One real Temporal server for this package, with one worker whose workflows are scripts (worker_test.go) in namespace
// default, and a namespace "empty" where nobody polls.
var temporalServer = sync.OnceValues(func() (*testsuite.DevServer, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	path, err := exec.Command(filepath.Join(root, "tools", "ensure"), "temporal").Output()
	if err != nil {
		return nil, fmt.Errorf("tools/ensure temporal: %w", err)
	}
	quietly := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	server, err := testsuite.StartDevServer(context.Background(), testsuite.DevServerOptions{
		ExistingPath:  strings.TrimSpace(string(path)),
		ClientOptions: &client.Options{Logger: quietly},
		LogLevel:      "error",
		Stdout:        io.Discard,
		Stderr:        io.Discard,
		ExtraArgs: []string{
			"--namespace", "empty", "--namespace", "sealed",
			"--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000",
			"--dynamic-config-value", "history.timerProcessorMaxPollRPS=1000",
			"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
			"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
		},
	})
	if err != nil {
		return nil, err
	}
	w := worker.New(server.Client(), api.TaskQueue, worker.Options{
		DisableRegistrationAliasing: true,
		// A cancel reaches an activity with the answer to a heartbeat, so these must not be saved up for long.
		MaxHeartbeatThrottleInterval: 100 * time.Millisecond,
	})
	register(w)
	if err := w.Start(); err != nil {
		return server, err
	}
	stopWorker = w.Stop
	return server, polled(server.Client())
})

// polled waits until the server has seen the worker: one that has started may not have asked for work yet.
func polled(c client.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		answer, err := c.DescribeTaskQueue(ctx, api.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
		if err == nil && len(answer.GetPollers()) > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no worker polls: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var stopWorker = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	if serverStarted {
		if server, _ := temporalServer(); server != nil {
			stopWorker()
			_ = server.Stop()
		}
	}
	os.Exit(code)
}

var (
	serverStarted bool
	serverMu      sync.Mutex
)

func server(t *testing.T) *testsuite.DevServer {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Temporal server is not started with -short")
	}
	serverMu.Lock()
	serverStarted = true
	serverMu.Unlock()
	s, err := temporalServer()
	if s == nil && err != nil {
		t.Skipf("no Temporal server can be had: %v", err)
	}
	require.NoError(t, err)
	return s
}
