package workflows

import (
	"context"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"drover/activities/agents"
	"drover/activities/apps"
	"drover/activities/backups"
	"drover/activities/machines"
	"drover/activities/orphans"
	published "drover/activities/publish"
	"drover/activities/reads"
	"drover/activities/records"
)

// The activities, by subject: their methods are named here, and run in a worker. Calls give the method itself, so that the
// compiler checks inputs and results.
var (
	doRecords  *records.Activities
	doMachines *machines.Activities
	doAgents   *agents.Activities
	doPublish  *published.Activities
	doOrphans  *orphans.Activities
	doReads    *reads.Activities
	doApps     *apps.Activities
	doBackups  *backups.Activities
)

// nameOf is the registered name of an activity: that of its method.
func nameOf(activity any) string {
	full := runtime.FuncForPC(reflect.ValueOf(activity).Pointer()).Name()
	return strings.TrimSuffix(full[strings.LastIndex(full, ".")+1:], "-fm")
}

// call runs an activity and waits for it; the activity belongs to the step that is running.
func call[I, O any](p *performer, ctx workflow.Context, o workflow.ActivityOptions, activity func(context.Context, I) (O, error), in I) (O, error) {
	var out O
	err := ended(p.start(ctx, o, nameOf(activity), in).Get(ctx, &out))
	return out, err
}

// run is call for an activity without a result.
func run[I any](p *performer, ctx workflow.Context, o workflow.ActivityOptions, activity func(context.Context, I) error, in I) error {
	return ended(p.start(ctx, o, nameOf(activity), in).Get(ctx, nil))
}

// batched is an activity over nodes, by name.
type batched[I, O any] struct{ name string }

func withResult[I, O any](activity func(context.Context, I) (O, error)) batched[I, O] {
	return batched[I, O]{nameOf(activity)}
}

func noResult[I any](activity func(context.Context, I) error) batched[I, struct{}] {
	return batched[I, struct{}]{nameOf(activity)}
}

// batch is what became of one activity over some nodes.
type batch[O any] struct {
	nodes  []string
	result O
	err    error
}

// runBatches runs one activity for every perActivity nodes, all at the same time, and waits for all.
func runBatches[I, O any](p *performer, ctx workflow.Context, nodes []string, activity batched[I, O], input func(nodes []string) (workflow.ActivityOptions, I)) []batch[O] {
	var batches []batch[O]
	var futures []workflow.Future
	for nodes := range slices.Chunk(nodes, p.perActivity) {
		options, in := input(nodes)
		futures = append(futures, p.start(ctx, options, activity.name, in))
		batches = append(batches, batch[O]{nodes: nodes})
	}
	for i, f := range futures {
		batches[i].err = ended(f.Get(ctx, &batches[i].result))
	}
	return batches
}

// inBatches is runBatches for callers that need only the results, failed activities' included, and the first error.
func inBatches[I, O any](p *performer, ctx workflow.Context, nodes []string, activity batched[I, O], input func(nodes []string) (workflow.ActivityOptions, I), each func(O)) error {
	var first error
	for _, b := range runBatches(p, ctx, nodes, activity, input) {
		if each != nil {
			each(b.result)
		}
		if b.err != nil && first == nil {
			first = b.err
		}
	}
	return first
}
