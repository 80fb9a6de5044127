package activities

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// beatEvery is how often an activity over many nodes tells the server that it lives and how far it is; it must stay
// well below the heartbeat timeout of the workflows' options.
const beatEvery = time.Second

type result[T any] struct {
	node  lifecycle.Node
	value T
	err   error
}

// fanOut runs do for every node, at most limit at once (0: all, as S2 demands for commands), and heartbeats who is not
// done yet. Results come in the order of the nodes. tell says what a node is doing.
func fanOut[T any](ctx context.Context, nodes []lifecycle.Node, limit int, do func(ctx context.Context, n lifecycle.Node, tell teller) (T, error)) []result[T] {
	if limit <= 0 {
		limit = len(nodes)
	}
	board := newBoard(nodes)
	stop := board.beat(ctx)
	defer stop()
	results := make([]result[T], len(nodes))
	slots := make(chan struct{}, max(limit, 1))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			board.start(i)
			value, err := do(ctx, n, teller{board, i})
			results[i] = result[T]{node: n, value: value, err: err}
			board.done(i)
		})
	}
	wg.Wait()
	return results
}

// teller says for the heartbeat what one node is doing.
type teller struct {
	board *board
	node  int
}

// says gives the last line of the node's output.
func (t teller) says(line string) { t.board.say(t.node, line) }

// runs gives the id of the command that runs there.
func (t teller) runs(command string) { t.board.run(t.node, command) }

// nobody is for what is not done node by node.
func nobody() teller { return teller{board: newBoard(nil)} }

type idError struct {
	id  string
	err error
}

// fanOutIDs runs do for every id and returns the failures.
func fanOutIDs(ctx context.Context, ids []string, limit int, do func(context.Context, string, teller) error) []idError {
	nodes := make([]lifecycle.Node, 0, len(ids))
	for _, id := range ids {
		nodes = append(nodes, lifecycle.Node{ID: id})
	}
	var failed []idError
	for _, r := range fanOut(ctx, nodes, limit, func(ctx context.Context, n lifecycle.Node, tell teller) (struct{}, error) {
		return struct{}{}, do(ctx, n.ID, tell)
	}) {
		if r.err != nil {
			failed = append(failed, idError{r.node.ID, r.err})
		}
	}
	return failed
}

// nodesOf finds the record's nodes by id, in the given order; ids that are not there are left out.
func nodesOf(rec *lifecycle.Record, ids []string) []lifecycle.Node {
	byID := make(map[string]lifecycle.Node, len(rec.Nodes))
	for _, n := range rec.Nodes {
		byID[n.ID] = n
	}
	var nodes []lifecycle.Node
	for _, id := range ids {
		if n, ok := byID[id]; ok {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// label is how people know a node: "etcd_node/1".
func label(n lifecycle.Node) string { return lifecycle.Label(n.Role, n.SID) }

// maxNamed is how many failing nodes an error names with their reasons; the rest are counted.
const maxNamed = 5

// firstOf joins the errors of nodes into one that names the first few. It is retryable only if all of them are.
func firstOf(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	for _, err := range errs {
		if f := fault.As(err); f != nil && !f.Retryable {
			return err
		}
	}
	if len(errs) == 1 {
		return errs[0]
	}
	f := *fault.Wrap(errs[0], fault.Internal, "%d nodes failed, the first", len(errs))
	for _, err := range errs[:min(len(errs), maxNamed)] {
		f.Problems = append(f.Problems, err.Error())
	}
	return &f
}

// board knows who is done and what the others last said.
type board struct {
	mu      sync.Mutex
	nodes   []lifecycle.Node
	started []time.Time
	ended   []bool
	lines   []string
	runs    []string // ids of commands
	count   int
	wanted  question
}

func newBoard(nodes []lifecycle.Node) *board {
	return &board{
		nodes: nodes, started: make([]time.Time, len(nodes)), ended: make([]bool, len(nodes)), lines: make([]string, len(nodes)),
		runs: make([]string, len(nodes)),
	}
}

func (b *board) start(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started[i] = time.Now()
}

func (b *board) say(i int, line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines[i] = line
}

func (b *board) run(i int, command string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs[i] = command
}

func (b *board) done(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended[i] = true
	b.count++
}

// maxWaiting bounds a heartbeat's size.
const maxWaiting = 3

// lineLimit bounds an output line in a heartbeat, in JSON.
const lineLimit = 200

func (b *board) snapshot() api.Beat {
	b.mu.Lock()
	defer b.mu.Unlock()
	beat := api.Beat{Done: b.count, Total: len(b.nodes)}
	for i, n := range b.nodes {
		if b.ended[i] || b.started[i].IsZero() {
			continue
		}
		line := head(b.lines[i], lineLimit)
		name := label(n) + " " + n.ID
		if n.SID == 0 {
			name = n.ID
		}
		beat.Waiting = append(beat.Waiting, api.BeatNode{Node: name, Since: b.started[i].UTC(), Command: b.runs[i], LastLine: line})
	}
	slices.SortStableFunc(beat.Waiting, func(x, y api.BeatNode) int { return x.Since.Compare(y.Since) })
	beat.Waiting = beat.Waiting[:min(len(beat.Waiting), maxWaiting)]
	return beat
}

// beat heartbeats until stop is called.
func (b *board) beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx, b.snapshot())
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// untilStopping ends the returned context when the worker begins to stop: what runs on nodes goes on there, and the
// next worker attaches to it.
func untilStopping(ctx context.Context) (context.Context, context.CancelFunc) {
	if !activity.IsActivity(ctx) {
		return context.WithCancel(ctx)
	}
	stopping := activity.GetWorkerStopChannel(ctx)
	out, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-stopping:
			cancel(errWorkerStops)
		case <-out.Done():
		}
	}()
	return out, func() { cancel(context.Canceled) }
}

var errWorkerStops = errors.New("the worker is stopping")
