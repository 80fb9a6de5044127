package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"
)

// nodesPerActivity is how many nodes one activity serves. An activity costs about 10 ms of server CPU and 6 events
// whatever it does, and holds its nodes' goroutines in one worker: 250 keeps a 1,000-node operation in a few hundred
// events while a group is still spread over several workers.
const nodesPerActivity = 250

// inBatches runs one activity per nodesPerActivity nodes, all at the same time, and waits for all.
func inBatches[R any](op *operation, ctx workflow.Context, nodes []string, call func(nodes []string) (workflow.ActivityOptions, string, any)) ([]R, error) {
	return resultsOf(runBatches[R](op, ctx, nodes, call))
}

// batch is what became of one activity over some nodes.
type batch[R any] struct {
	nodes  []string
	result R
	err    error
}

func runBatches[R any](op *operation, ctx workflow.Context, nodes []string, call func(nodes []string) (workflow.ActivityOptions, string, any)) []batch[R] {
	var batches []batch[R]
	var futures []workflow.Future
	for nodes := range slices.Chunk(nodes, nodesPerActivity) {
		options, activity, input := call(nodes)
		futures = append(futures, op.start(ctx, options, activity, input))
		batches = append(batches, batch[R]{nodes: nodes})
	}
	for i, f := range futures {
		batches[i].err = ended(f.Get(ctx, &batches[i].result))
	}
	return batches
}

// resultsOf gives the results of all batches, and the first error.
func resultsOf[R any](batches []batch[R]) ([]R, error) {
	results := make([]R, len(batches))
	var first error
	for i, b := range batches {
		results[i] = b.result
		if b.err != nil && first == nil {
			first = b.err
		}
	}
	return results, first
}
