package server

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drover/client"
	wire "drover/console/api"
	"drover/tests/stack"
	"drover/workflows/api"
)

func TestMain(m *testing.M) { stack.Main(m, nil) }

// liveSite is a console over a real Temporal server, with a worker whose operations run until they are signalled.
func liveSite(t *testing.T) *site {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Temporal server is not started with -short")
	}
	servers, err := stack.ForTests(context.Background(), "stack", stack.Options{TemporalOnly: true})
	require.NoError(t, err)
	s := newSite(t, shown{cluster: {ClusterID: cluster, State: "active"}})
	real, err := servers.Client(context.Background())
	require.NoError(t, err)
	t.Cleanup(real.Close)
	s.api.Client, err = client.Dial(t.Context(), client.Options{Address: servers.TemporalAddress, ConnectTimeout: 30 * time.Second})
	require.NoError(t, err)
	t.Cleanup(s.api.Client.Close)
	s.api.hub.client = s.api.Client
	w := worker.New(real, api.TaskQueue, worker.Options{})
	register := func(name string, f any) { w.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name}) }
	register(api.DescribeCluster, func(_ workflow.Context, in api.DescribeClusterInput) (api.ClusterView, error) {
		return api.ClusterView{ClusterID: in.ClusterID, App: "etcd"}, nil
	})
	register(api.StopCluster, func(ctx workflow.Context, in api.StopClusterInput) (api.OperationResult, error) {
		if in.DryRun {
			return api.OperationResult{Plan: &api.Plan{Steps: []api.PlanStep{{ID: "ST1", Words: "stop, order 0"}}}}, nil
		}
		progress := api.Progress{State: api.OpRunning, Steps: []api.Step{{ID: "ST1", Words: "stop, order 0", State: api.StepRunning, StartedAt: workflow.Now(ctx)}}}
		err := workflow.SetQueryHandler(ctx, api.QueryProgress, func() (api.Progress, error) { return progress, nil })
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		progress.State, progress.Steps[0].State = api.OpSucceeded, api.StepDone
		return api.OperationResult{ClusterState: "stopped"}, err
	})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.Eventually(t, func() bool { return s.api.Client.NeedWorker(t.Context()) == nil }, time.Minute, 20*time.Millisecond)
	return s
}

// A request is planned, started once however often it is sent, followed to its end by two readers with one watcher, and on record.
func TestAnOperationThroughTheAPI(t *testing.T) {
	s := liveSite(t)
	path, token := "/v1/clusters/"+cluster+"/operations", s.token[wire.Operator]
	const stop = `{"type":"StopCluster"}`

	answer, text := s.do(t, "POST", path+"?dry_run=true", token, stop)
	require.Equal(t, http.StatusOK, answer.StatusCode, text)
	require.Contains(t, text, `"words":"stop, order 0"`)

	answer, text = s.do(t, "POST", path, token, stop, "Idempotency-Key", "k1")
	require.Equal(t, http.StatusAccepted, answer.StatusCode, text)
	var op wire.Operation
	require.NoError(t, json.Unmarshal([]byte(text), &op))
	require.Equal(t, "operator-ann", op.By)
	require.Equal(t, "/v1/operations/"+op.ID, answer.Header.Get("Location"))

	answer, text = s.do(t, "POST", path, token, stop, "Idempotency-Key", "k1")
	require.Equal(t, http.StatusAccepted, answer.StatusCode, text)
	require.Contains(t, text, op.ID, "the same key gives the same operation")
	answer, text = s.do(t, "POST", path, token, stop, "Idempotency-Key", "k2")
	require.Equal(t, http.StatusConflict, answer.StatusCode, text)
	var p wire.Problem
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	require.Equal(t, op.ID, p.Holder.ID, "who keeps the cluster")

	readers := []*bufio.Scanner{s.follow(t, op.ID), s.follow(t, op.ID)}
	for _, r := range readers {
		name, seen := nextEvent(t, r)
		require.Equal(t, "update", name)
		require.Equal(t, api.StopCluster, seen.Type)
	}
	s.api.hub.mu.Lock()
	require.Len(t, s.api.hub.watched, 1, "one watcher")
	s.api.hub.mu.Unlock()
	require.NoError(t, s.api.Client.Temporal.SignalWorkflow(t.Context(), op.WorkflowID, op.RunID, "end", nil))
	for _, r := range readers {
		name, seen := "update", wire.Operation{}
		for name == "update" {
			name, seen = nextEvent(t, r)
		}
		require.Equal(t, client.StateSucceeded, seen.State)
		require.Equal(t, "stopped", seen.Result.ClusterState)
	}
	_, text = s.do(t, "GET", "/v1/operations/"+op.ID, s.token[wire.Viewer], "")
	require.Contains(t, text, `"state":"succeeded"`)
	answer, text = s.do(t, "POST", path, token, stop, "Idempotency-Key", "k1")
	require.Equal(t, http.StatusAccepted, answer.StatusCode, text)
	require.Contains(t, text, op.ID, "also after its end")
	_, list := s.do(t, "GET", "/v1/audit?cluster="+cluster, s.token[wire.Admin], "")
	require.Contains(t, list, `"run":"`+op.ID+`"`)
	require.Contains(t, list, `"user":"operator-ann"`)
}

func (s *site) follow(t *testing.T, id string) *bufio.Scanner {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/operations/"+id+"/events", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+s.token[wire.Viewer])
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return lines
}

func nextEvent(t *testing.T, lines *bufio.Scanner) (name string, op wire.Operation) {
	t.Helper()
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = v
		}
		if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			require.NoError(t, json.Unmarshal([]byte(v), &op))
			return name, op
		}
	}
	t.Fatal("the stream ended: ", lines.Err())
	return "", op
}
