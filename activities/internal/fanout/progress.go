package fanout

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"drover/activities/internal/bounds"
	"drover/lifecycle"
	"drover/workflows/api"
)

// beatEvery is how often an activity over many nodes reports to the server; it must stay well below the heartbeat
// timeout of the workflows' options.
const beatEvery = time.Second

// Progress reports for the heartbeat what one node is doing.
type Progress struct {
	all  *heartbeat
	node int
}

// None is the progress of work that is not done node by node.
func None() Progress { return Progress{all: newHeartbeat(nil)} }

// Line reports the last line of the node's output.
func (p Progress) Line(line string) { p.all.set(func() { p.all.lines[p.node] = line }) }

// Command reports the id of the command that runs on the node.
func (p Progress) Command(id string) { p.all.set(func() { p.all.commands[p.node] = id }) }

// Ask sends the server a heartbeat of the whole activity and returns its answer. Nodes that ask at the same time share
// a heartbeat; each gets the answer to one that was sent after its call.
func (p Progress) Ask(send func(api.Beat) error) error {
	return p.all.question.ask(func() error { return send(p.all.snapshot()) })
}

// heartbeat holds the progress of all nodes of one activity.
type heartbeat struct {
	mu       sync.Mutex
	nodes    []lifecycle.Node
	started  []time.Time
	ended    []bool
	lines    []string
	commands []string // ids
	count    int      // of ended nodes
	question question
}

func newHeartbeat(nodes []lifecycle.Node) *heartbeat {
	return &heartbeat{
		nodes: nodes, started: make([]time.Time, len(nodes)), ended: make([]bool, len(nodes)), lines: make([]string, len(nodes)),
		commands: make([]string, len(nodes)),
	}
}

func (h *heartbeat) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *heartbeat) start(i int) { h.set(func() { h.started[i] = time.Now() }) }
func (h *heartbeat) end(i int)   { h.set(func() { h.ended[i] = true; h.count++ }) }

// maxWaiting bounds a heartbeat's size.
const maxWaiting = 3

// lineLimit bounds an output line in a heartbeat, in bytes of JSON.
const lineLimit = 200

// snapshot names the nodes that have been running longest.
func (h *heartbeat) snapshot() api.Beat {
	h.mu.Lock()
	defer h.mu.Unlock()
	beat := api.Beat{Done: h.count, Total: len(h.nodes)}
	for i, n := range h.nodes {
		if h.ended[i] || h.started[i].IsZero() {
			continue
		}
		name := n.Label() + " " + n.ID
		if n.SID == 0 {
			name = n.ID
		}
		beat.Waiting = append(beat.Waiting, api.BeatNode{
			Node: name, Since: h.started[i].UTC(), Command: h.commands[i], LastLine: bounds.Head(h.lines[i], lineLimit),
		})
	}
	slices.SortStableFunc(beat.Waiting, func(x, y api.BeatNode) int { return x.Since.Compare(y.Since) })
	beat.Waiting = beat.Waiting[:min(len(beat.Waiting), maxWaiting)]
	return beat
}

// beat heartbeats until stop is called.
func (h *heartbeat) beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		failures := Failures(ctx)
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				beat := h.snapshot()
				beat.Failures = failures
				activity.RecordHeartbeat(ctx, beat)
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// Alive heartbeats for an activity that is not done node by node, until stop is called.
func Alive(ctx context.Context) (stop func()) { return newHeartbeat(nil).beat(ctx) }

// Failures is how many attempts of this activity have failed. An attempt whose worker died gave no answer and is not
// counted. The number travels from attempt to attempt in the heartbeat's details.
func Failures(ctx context.Context) int {
	var last api.Beat
	if !activity.IsActivity(ctx) || !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &last) != nil {
		return 0
	}
	return last.Failures
}

// Failed counts the failure that this attempt is about to return. The SDK sends it before the failure.
func Failed(ctx context.Context) {
	activity.RecordHeartbeat(ctx, api.Beat{Failures: Failures(ctx) + 1})
}

// question is asked by many nodes at the same time. Each caller gets an answer to a request that was sent after its call;
// callers that wait during a request share the next one.
type question struct {
	sent atomic.Int64
	mu   sync.Mutex
	last error // the answer to the newest request; guarded by mu
}

func (q *question) ask(send func() error) error {
	before := q.sent.Load()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sent.Load() == before {
		q.sent.Add(1)
		q.last = send()
	}
	return q.last
}
