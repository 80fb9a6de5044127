// Package fanout runs something on many nodes of one activity at the same time and heartbeats which nodes are not done
// yet. It decides nothing about failures and retries nothing. The subjects of activities call it.
package fanout

import (
	"context"
	"sync"

	"drover/fault"
	"drover/lifecycle"
)

// Result is what became of one node.
type Result[T any] struct {
	Node  lifecycle.Node
	Value T
	Err   error
}

// Run runs do for every node, at most limit at once (0: all, as S2 requires for commands). Results come in the order of
// the nodes.
func Run[T any](ctx context.Context, nodes []lifecycle.Node, limit int, do func(context.Context, lifecycle.Node, Progress) (T, error)) []Result[T] {
	if limit <= 0 {
		limit = len(nodes)
	}
	all := newHeartbeat(nodes)
	stop := all.beat(ctx)
	defer stop()
	results := make([]Result[T], len(nodes))
	slots := make(chan struct{}, max(limit, 1))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			all.start(i)
			value, err := do(ctx, n, Progress{all, i})
			results[i] = Result[T]{Node: n, Value: value, Err: err}
			all.end(i)
		})
	}
	wg.Wait()
	return results
}

// MaxNamed is how many failing nodes an error names with their reasons; the rest are counted.
const MaxNamed = 5

// FirstOf joins the errors of nodes into one that names the first few; nil when there are none. An error that is not
// retryable comes alone, since retrying the others cannot help.
func FirstOf(errs []error) error {
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
	for _, err := range errs[:min(len(errs), MaxNamed)] {
		f.Problems = append(f.Problems, err.Error())
	}
	return &f
}
