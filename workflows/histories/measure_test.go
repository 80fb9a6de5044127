package histories

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"drover/workflows/api"
)

// The server ends a run at 51,200 events, refuses payloads of 2 MiB, and ends a run whose workflow task answers with
// 4 MiB. Operations on a thousand nodes stay well below.
const (
	mostEvents  = 5_000
	mostPayload = 1 << 20
	mostAnswer  = 4 << 20
)

// measured is what one operation left behind: the largest of its runs.
type measured struct {
	operation string
	nodes     int
	runs      int
	events    int
	payload   int // the largest
	answer    int // the largest answer to a workflow task: the commands it brought
	progress  int // the answer to the progress query
	size      int // of the history
	took      time.Duration
	replay    time.Duration // what a new worker needs before it can continue
}

// table collects measurements and prints them.
type table struct {
	rows      []measured
	plansOnly bool // dry runs, which no new worker ever takes over
}

// measure runs an operation that must succeed and notes what it left behind.
func (r *table) measure(w *world, operation string, nodes int, input any) {
	w.t.Helper()
	began := time.Now()
	run := w.done(operation, input)
	m := measured{operation: operation, nodes: nodes, took: time.Since(began)}
	for id := run.GetRunID(); id != ""; { // the last one first
		history := w.historyOf(run.GetID(), id)
		m.take(w, run.GetID(), id, history)
		if !r.plansOnly {
			began = time.Now()
			require.NoError(w.t, replay(history, registered))
			m.replay = max(m.replay, time.Since(began))
		}
		id = history.Events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
	}
	r.rows = append(r.rows, m)
}

// take measures one run's history and progress.
func (m *measured) take(w *world, workflowID, runID string, history *historypb.History) {
	w.t.Helper()
	m.runs++
	m.events = max(m.events, len(history.Events))
	answers := map[int64]int{}
	size := 0
	for _, e := range history.Events {
		size += proto.Size(e)
		m.payload = max(m.payload, largestPayload(w.t, e))
		if task := answeredTask(e); task != 0 {
			answers[task] += proto.Size(e)
			m.answer = max(m.answer, answers[task])
		}
	}
	m.size = max(m.size, size)
	if isRead(m.operation) {
		return
	}
	value, err := temporalClient.QueryWorkflow(w.ctx, workflowID, runID, api.QueryProgress)
	require.NoError(w.t, err)
	var answer json.RawMessage
	require.NoError(w.t, value.Get(&answer))
	m.progress = max(m.progress, len(answer))
}

func largestPayload(t *testing.T, e *historypb.HistoryEvent) int {
	t.Helper()
	largest := 0
	require.NoError(t, proxy.VisitPayloads(t.Context(), e, proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			for _, p := range payloads {
				largest = max(largest, proto.Size(p))
			}
			return payloads, nil
		},
	}))
	return largest
}

// answeredTask is the id of the workflow task whose answer brought an event; 0 when none did.
func answeredTask(e *historypb.HistoryEvent) int64 {
	attributes := e.ProtoReflect().WhichOneof(e.ProtoReflect().Descriptor().Oneofs().ByName("attributes"))
	if attributes == nil {
		return 0
	}
	m := e.ProtoReflect().Get(attributes).Message()
	field := m.Descriptor().Fields().ByName("workflow_task_completed_event_id")
	if field == nil || field.Kind() != protoreflect.Int64Kind {
		return 0
	}
	return m.Get(field).Int()
}

// bounded asserts that everything is far below the server's limits.
func (r *table) bounded(t *testing.T, events int) {
	t.Helper()
	for _, m := range r.rows {
		require.Less(t, m.events, events, m.operation)
		require.Less(t, m.payload, mostPayload, m.operation)
		require.Less(t, m.answer, mostAnswer, m.operation)
		require.Less(t, m.progress, mostPayload, m.operation)
	}
}

// print shows the table.
func (r *table) print(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| %-16s | nodes | runs | events | largest payload | largest answer | progress |   history |     time |  replay |\n", "operation")
	b.WriteString("|------------------|-------|------|--------|-----------------|----------------|----------|-----------|----------|---------|\n")
	for _, m := range r.rows {
		fmt.Fprintf(&b, "| %-16s | %5d | %4d | %6d | %11.1f KiB | %10.1f KiB | %4.1f KiB | %5.0f KiB | %6.2f s | %5.2f s |\n",
			m.operation, m.nodes, m.runs, m.events, kib(m.payload), kib(m.answer), kib(m.progress), kib(m.size), m.took.Seconds(), m.replay.Seconds())
	}
	t.Log(b.String())
}

func kib(n int) float64 { return float64(n) / 1024 }
