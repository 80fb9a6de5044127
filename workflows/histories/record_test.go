package histories

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drover/workflows/api"
)

// TestRecord lives through every scenario on a real server and replays what it left. With -record it also keeps it.
func TestRecord(t *testing.T) {
	needsServer(t)
	var mu sync.Mutex
	files := map[string][]byte{}
	t.Run("live", func(t *testing.T) { // ends when all of its scenarios have ended
		for _, s := range scenarios() {
			t.Run(s.name(), func(t *testing.T) {
				t.Parallel()
				data := written(t, s.live(t))
				history := read(t, data)
				s.check(t, history)
				require.NoError(t, replay(history, registered))
				mu.Lock()
				defer mu.Unlock()
				files[s.file()] = data
			})
		}
	})
	if !*record || t.Failed() {
		return
	}
	for _, old := range recorded(t) {
		if len(files) < len(scenarios()) {
			break // only some were asked for
		}
		require.NoError(t, os.Remove(filepath.Join("testdata", old)))
	}
	for path, data := range files {
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
}

// live makes a scenario happen and gives its history.
func (s scenario) live(t *testing.T) *historypb.History {
	w := newWorld(t, s.name(), s.app)
	s.before(w)
	in := s.input(w)
	s.mishap.do(w)
	var held *gate
	if s.at != "" {
		held = w.nodes.hold(s.at)
	}
	run := w.start(s.operation, in)
	if s.words != nil {
		return s.resolved(w, run)
	}
	if held == nil {
		err := run.Get(w.ctx, nil)
		require.Equal(t, s.ends == completed, err == nil, "%v", err)
		return w.history(run)
	}
	w.reach(held, run)
	if s.ends == open {
		history := w.history(run)
		close(held.open)
		require.NoError(t, run.Get(w.ctx, nil))
		return history
	}
	require.NoError(t, temporalClient.CancelWorkflow(w.ctx, run.GetID(), run.GetRunID()))
	err := run.Get(w.ctx, nil)
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	return w.history(run)
}

// resolved lets an operator say his words, each once the operation is held, and gives the history: to the end, or of an
// operation that is held still.
func (s scenario) resolved(w *world, run client.WorkflowRun) *historypb.History {
	var since time.Time
	for _, said := range s.words {
		since = w.held(run, since)
		if said.repairs {
			w.nodes.fail("")
		}
		handle, err := temporalClient.UpdateWorkflow(w.ctx, client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: api.UpdateResolve, Args: []any{said.Resolution},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		require.NoError(w.t, err)
		require.NoError(w.t, handle.Get(w.ctx, nil))
	}
	if s.ends == open {
		w.held(run, since)
		history := w.history(run)
		require.NoError(w.t, temporalClient.CancelWorkflow(w.ctx, run.GetID(), run.GetRunID()))
		require.Error(w.t, run.Get(w.ctx, nil))
		return history
	}
	err := run.Get(w.ctx, nil)
	require.Equal(w.t, s.ends == completed, err == nil, "%v", err)
	return w.history(run)
}

func (s scenario) file() string { return filepath.Join("testdata", s.name()+".json") }

// written is a history as JSON, one event a line, without this machine's name.
func written(t *testing.T, history *historypb.History) []byte {
	t.Helper()
	out := bytes.NewBufferString("{\"events\":[")
	for i, event := range history.Events {
		if q := event.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			q.Name = "sticky"
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		// Payloads stay in base64: in the readable shorthand, empty lists come back as null.
		line, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(event)
		require.NoError(t, err)
		// The marshaller puts in spaces at random.
		require.NoError(t, json.Compact(out, line))
	}
	out.WriteString("\n]}\n")
	return out.Bytes()
}

// read is the inverse of written.
func read(t *testing.T, data []byte) *historypb.History {
	t.Helper()
	history, err := client.HistoryFromJSON(bytes.NewReader(data), client.HistoryJSONOptions{})
	require.NoError(t, err)
	return history
}

// recorded are the files there are.
func recorded(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("testdata")
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
