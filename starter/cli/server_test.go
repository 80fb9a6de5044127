package cli

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"drover/tests/stack"
	"drover/workflows/api"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

// devServer is the one real Temporal server of this package, with one worker whose workflows are scripts (worker_test.go) in
// namespace default, a namespace "empty" without a poller, and one for encrypted payloads.
type devServer struct {
	address string
	client  client.Client
}

func (s *devServer) FrontendHostPort() string { return s.address }

func (s *devServer) Client() client.Client { return s.client }

var temporalServer = sync.OnceValues(func() (*devServer, error) {
	ctx := context.Background()
	servers, err := stack.ForTests(ctx, "stack", stack.Options{TemporalOnly: true, Namespaces: []string{"empty", "sealed"}})
	if err != nil {
		return nil, err
	}
	s := &devServer{address: servers.TemporalAddress}
	if s.client, err = servers.Client(ctx); err != nil {
		return nil, err
	}
	stack.AtEnd(func() error { s.client.Close(); return nil })
	w := worker.New(s.client, api.TaskQueue, worker.Options{
		DisableRegistrationAliasing: true,
		// A cancel reaches an activity with the answer to a heartbeat, so these must not be saved up for long.
		MaxHeartbeatThrottleInterval: 100 * time.Millisecond,
	})
	register(w)
	if err := w.Start(); err != nil {
		return nil, err
	}
	stack.AtEnd(func() error { w.Stop(); return nil })
	return s, polled(s.client)
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

func server(t *testing.T) *devServer {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Temporal server is not started with -short")
	}
	s, err := temporalServer()
	require.NoError(t, err)
	return s
}
