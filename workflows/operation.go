package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// operation is one run of one documented procedure on one cluster: it opens the operation in the control record, walks
// the procedure, undoes it if it fails, and writes the last word.
type operation struct {
	ctx                    workflow.Context
	clusterID, name, runID string
	input                  converter.RawValue
	begun                  records.Begun
	trace                  api.Plan // what was begun
	handover               handover // what earlier runs of this operation did
	end                    *ending
	undo                   *undoStack
	progress               *progress
	hold                   *holder
	performer              *performer
	touched                bool     // what an earlier operation left was cleared, before this one began
	gone                   []string // nodes of which an operator has said, while undoing, that they are gone
}

// settings of a request, as all inputs have them.
type settings interface {
	IsDryRun() bool
	Problems() []string
}

// open checks the workflow's own id and its input, and answers queries from the first moment.
func open(ctx workflow.Context, name lifecycle.Op, raw converter.RawValue, input any) (*operation, error) {
	info := workflow.GetInfo(ctx)
	clusterID, err := ownID(name, info.WorkflowExecution.ID)
	if err != nil {
		return nil, err
	}
	op := &operation{
		ctx: ctx, clusterID: clusterID, name: name, runID: info.FirstRunID, end: &ending{}, undo: &undoStack{},
		progress: newProgress(ctx, clusterID, name),
	}
	op.hold = &holder{op: op}
	op.performer = &performer{
		clusterID: clusterID, runID: op.runID, barrier: api.DefaultBarrierTimeout,
		end: op.end, undo: op.undo, progress: op.progress,
	}
	if err := workflow.SetQueryHandler(ctx, api.QueryProgress, op.answer); err != nil {
		return nil, err
	}
	if err := workflow.SetQueryHandler(ctx, api.QueryTrace, func() (api.Plan, error) { return op.trace, nil }); err != nil {
		return nil, err
	}
	if err := op.hold.takesResolutions(ctx); err != nil {
		return nil, err
	}
	if err := decode(raw, input); err != nil {
		return nil, err
	}
	if in, ok := input.(interface{ Waiting() api.Waits }); ok {
		op.performer.barrier, op.performer.strict = in.Waiting().Barrier(), in.Waiting().StrictConfig
	}
	if in, ok := input.(interface{ OnFailureHold() bool }); ok {
		op.hold.wanted = in.OnFailureHold()
	}
	if in, ok := input.(interface{ OnFailureKeep() bool }); ok {
		op.hold.keepsFailed = in.OnFailureKeep()
	}
	return op, nil
}

// answer is the handler of the progress query.
func (op *operation) answer() (api.Progress, error) {
	p := op.progress.Progress
	if p.State == api.OpRunning || p.State == api.OpHeld {
		p.Undoes = op.undo.words()
	}
	return p, nil
}

// run runs the operation whose beginning is begin and whose procedure is plan.
func (op *operation) run(begin func() error, dryRun bool, plan planner) (api.OperationResult, error) {
	if err := begin(); err != nil {
		return api.OperationResult{}, op.finish(op.refused(err))
	}
	op.warnOf(plan)
	if dryRun {
		return op.planned(plan), nil
	}
	op.logBegin()
	err := op.walk(plan)
	if workflow.IsContinueAsNewError(err) {
		return api.OperationResult{}, err
	}
	if err != nil {
		err = op.failed(err)
	}
	if op.end.state == gone { // the record is gone with the cluster
		return op.result(gone), op.finish(err)
	}
	reason := err
	if op.end.state == lifecycle.Active {
		reason = nil // the cluster is as it should be, whatever became of the operation
	}
	op.end.added = op.added()
	if closed := op.performer.close(op.ctx, outcomeOf(err), op.end.state, reason); closed != nil {
		if err == nil {
			err = closed
		}
		err = undone(err, closed)
	}
	return op.result(op.end.state), op.finish(err)
}

// added are the nodes that the operation makes, as many as its result names.
func (op *operation) added() []string {
	added := op.begun.Added
	if lifecycle.MakesCluster(op.name) {
		added = op.begun.View.NodeIDs()
	}
	return added[:min(len(added), api.MaxReported)]
}

// warnOf reports what the plan warns of, once for all runs of the operation.
func (op *operation) warnOf(plan planner) {
	if op.handover.Done > 0 {
		return
	}
	for _, s := range plan(nil) {
		for _, w := range s.warnings {
			op.progress.warn(w)
		}
	}
}

// planned is what a dry run returns.
func (op *operation) planned(plan planner) api.OperationResult {
	r := op.result(op.begun.View.State)
	r.Plan = &api.Plan{Steps: plan(nil).planned(op.name)}
	op.progress.points(r.Plan.Steps)
	op.progress.end(api.OpSucceeded, nil)
	return r
}

// refused marks the fault of an operation that was not allowed to begin.
func (op *operation) refused(err error) error {
	if op.touched {
		return err
	}
	return refusal(err)
}

// failed undoes what the operation did, or keeps it for inspection when the request says so and it was not cancelled. Before
// its first step only the beginning wrote anything.
func (op *operation) failed(cause error) error {
	switch {
	case op.hold.keepsFailed && !temporal.IsCanceledError(cause):
		f := faultOf(cause)
		if f.Hint == "" {
			f.Hint = "everything is kept for inspection; release it with: drover delete " + op.clusterID
		}
		return f
	case op.begunSteps():
		return undone(cause, op.undoAll(cause))
	}
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	op.end.state = op.begun.View.State
	if lifecycle.MakesCluster(op.name) {
		op.end.state = gone
	}
	return undone(cause, op.abandon(ctx))
}

func (op *operation) begunSteps() bool {
	for _, s := range op.trace.Steps {
		if s.Skipped == "" {
			return true
		}
	}
	return false
}

// result is what the operation returns when it succeeded.
func (op *operation) result(state lifecycle.State) api.OperationResult {
	nodes := len(op.begun.View.NodeIDs()) - op.performer.removed
	if state == gone {
		nodes = 0
	}
	backup := ""
	if op.name == lifecycle.OpBackupCluster && op.begun.Backup != nil && op.end.backup {
		backup = op.begun.Backup.ID
	}
	return api.OperationResult{
		Backup: backup, ClusterID: op.clusterID, Operation: op.name, ClusterState: string(state), Revision: op.performer.revision, Nodes: nodes,
		Warnings: op.progress.Warnings, Skipped: op.end.skips, Orphans: op.performer.orphans, Values: op.begun.Values,
		Added: op.end.report.Added, Endpoints: op.end.report.Endpoints,
	}
}

// finish gives the workflow's own end: progress, search attribute, and the error as callers see it. An error of an undo
// hides behind the original one, and never in a cancellation, whose text would be lost.
func (op *operation) finish(err error) error {
	err = op.leftBehind(err)
	outcome := outcomeOf(err)
	if f := fault.As(err); f != nil && f.Refused {
		outcome = api.OpRefused
	}
	op.progress.end(outcome, err)
	op.logEnd(outcome, err)
	op.reportState(outcome)
	return wire(err)
}

// reportState gives the operation's state to the search attribute of its workflow.
func (op *operation) reportState(state string) {
	known := temporal.NewSearchAttributeKeyKeyword(api.AttrOperationState)
	if !workflow.GetTypedSearchAttributes(op.ctx).ContainsKey(known) {
		return // the starter did not set it: the server may not know it
	}
	if err := workflow.UpsertTypedSearchAttributes(op.ctx, known.ValueSet(state)); err != nil {
		workflow.GetLogger(op.ctx).Warn("search attribute not updated", "error", err)
	}
}
