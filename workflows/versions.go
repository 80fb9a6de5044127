package workflows

import "go.temporal.io/sdk/workflow"

// What running operations depend on and a new worker might do differently. A change that would make a recorded history
// replay differently is guarded here, by workflow.GetVersion under a constant of its own, and by nothing elsewhere.

// nodesPerActivity is how many nodes one activity serves in operations that begin with this worker; it is pinned for each
// of them, since it shapes their activities. An activity costs about 10 ms of server CPU and 6 events whatever it does, and
// holds its nodes' goroutines in one worker: 250 keeps a 1,000-node operation in a few hundred events while a group is still
// spread over several workers.
const nodesPerActivity = 250

// perActivity is nodesPerActivity as the worker has it that begins the operation: the history keeps it for workers that
// take the operation over.
func perActivity(ctx workflow.Context) int {
	pinned := nodesPerActivity
	value := workflow.SideEffect(ctx, func(workflow.Context) any { return nodesPerActivity })
	if err := value.Get(&pinned); err != nil {
		workflow.GetLogger(ctx).Error("the nodes per activity cannot be read", "error", err)
	}
	return pinned
}
