package client

import (
	"context"
	"sync"
	"time"

	"drover/workflows/api"
)

// watcher looks at one operation again and again, from its own goroutine: a question no worker answers takes seconds
// and must not delay the news that the operation has ended.
type watcher struct {
	client     *Client
	workflowID string
	firstRunID string

	mu       sync.Mutex // held while looking: the final look comes from another goroutine
	runID    string     // the newest run of the chain
	progress *api.Progress
	last     Operation
	answered time.Time // when a worker last answered
}

func newWatcher(c *Client, workflowID, runID string) *watcher {
	w := &watcher{client: c, workflowID: workflowID, firstRunID: runID, runID: runID, answered: c.Now()}
	w.last = Operation{WorkflowID: workflowID, RunID: runID, State: StateRunning}
	w.last.ClusterID, w.last.DryRun = clusterOf(workflowID)
	return w
}

func (w *watcher) watch(ctx context.Context, sights chan<- Sight) {
	ticker := time.NewTicker(w.client.poll())
	defer ticker.Stop()
	for {
		w.mu.Lock()
		sight := w.look(ctx)
		w.mu.Unlock()
		select {
		case sights <- sight:
		case <-ctx.Done():
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// look asks the server, then a worker. What cannot be had now stays as it was seen last.
func (w *watcher) look(ctx context.Context) Sight {
	c := w.client
	describeCtx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	note := ""
	answer, err := c.Temporal.DescribeWorkflowExecution(describeCtx, w.workflowID, "")
	if err != nil {
		note = "Temporal does not respond; the operation continues"
	} else if first := answer.GetWorkflowExecutionInfo().GetFirstRunId(); first == w.firstRunID || first == "" {
		// Another first run is the next operation of the cluster: this one has ended.
		w.last = *w.client.operationOf(answer)
		w.runID = w.last.RunID
	}
	if progress, err := c.progress(ctx, w.workflowID, w.runID); err == nil {
		w.progress, w.answered = progress, c.Now()
	} else if note == "" && ctx.Err() == nil {
		note = c.note(ctx, w.answered)
	}
	w.last.Progress = w.progress
	if w.last.Running() {
		w.last.adopt()
	}
	return Sight{Operation: w.last, Note: note}
}
