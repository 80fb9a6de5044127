package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// operation is one run of one documented procedure on one cluster. The procedure is walked twice by the same code: once
// planning, which only writes down what would happen, and once for real, so that a plan cannot differ from the deed.
type operation struct {
	ctx       workflow.Context
	clusterID string
	name      string // workflow type
	runID     string
	view      lifecycle.View
	barrier   time.Duration
	strict    bool // strict_config
	// onFailureHold: the request wants a failed step to wait for an operator; keepsFailed: it wants nothing undone.
	onFailureHold, keepsFailed bool
	begun                      records.Begun
	// state is what the cluster is if the operation ended now.
	state      lifecycle.State
	poweredOff *bool // whether the machines are off from now on; nil: as they were

	planning bool
	plan     api.Plan // what the planning walk wrote down
	trace    api.Plan // what was begun for real
	undo     undoStack
	progress progress
	orphans  []string
	previous bool              // stages run the commands of the version before the upgrade
	params   map[string]string // by role: JSON argument of a service that is run by hand
	turn     lifecycle.Among   // whose turn it is, while nodes are taken one after the other; nil: all at once
	unsure   bool              // a publish failed, and its revision may be visible
	calls    int               // activities so far, for their ids
	forcing  bool              // the user goes on past failures of what runs now
	held     *held             // the step that waits for an operator; nil: none does
	failed   failedGroup       // what the step that failed last left undone
	attempts map[string]int    // commands that an operator had run again, by their first id
	skips    []string          // what operators skipped
	came     map[string]bool   // declared points this walk has come to
	input    converter.RawValue
	handover handover // what earlier runs of this operation did
}

// open checks the workflow's own id and its input, and answers progress queries from the first moment.
func open(ctx workflow.Context, name string, raw converter.RawValue, input any) (*operation, error) {
	info := workflow.GetInfo(ctx)
	op := &operation{ctx: ctx, name: name, runID: info.FirstRunID, barrier: api.DefaultBarrierTimeout}
	clusterID, err := ownID(name, info.WorkflowExecution.ID)
	if err != nil {
		return nil, err
	}
	op.clusterID = clusterID
	op.progress = newProgress(ctx, clusterID, name)
	if err := workflow.SetQueryHandler(ctx, api.QueryProgress, op.answer); err != nil {
		return nil, err
	}
	if err := workflow.SetQueryHandler(ctx, api.QueryTrace, func() (api.Plan, error) { return op.trace, nil }); err != nil {
		return nil, err
	}
	if err := op.takesResolutions(); err != nil {
		return nil, err
	}
	if err := decode(raw, input); err != nil {
		return op, err
	}
	if in, ok := input.(interface{ OnFailureHold() bool }); ok {
		op.onFailureHold = in.OnFailureHold()
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

// seen takes over what the control record says.
func (op *operation) seen(view lifecycle.View) {
	op.view = view
	op.progress.App = view.App
}

// onCluster runs an operation on an existing cluster: it opens it in the control record, walks the procedure, takes back
// what the procedure registered if it fails, and writes the last word.
func (op *operation) onCluster(begin records.BeginInput, procedure func() error) (api.OperationResult, error) {
	if err := op.begin(begin); err != nil {
		return api.OperationResult{}, op.finish(err)
	}
	err := op.perform(begin.DryRun, procedure)
	switch {
	case workflow.IsContinueAsNewError(err):
		return api.OperationResult{}, err
	case begin.DryRun && err == nil:
		return op.planned(), nil
	case begin.DryRun:
		return api.OperationResult{}, op.finish(err)
	}
	if err != nil {
		err = undone(err, op.takeBack(err))
	}
	reason := err
	if op.state == lifecycle.Active {
		reason = nil // the cluster is as it should be, whatever became of the operation
	}
	if op.state == "" { // the record is gone with the cluster
		op.without(op.view.NodeIDs())
		return op.result(""), op.finish(err)
	}
	if closed := op.close(outcomeOf(err), op.state, reason); closed != nil {
		err = undone(orElse(err, closed), closed)
	}
	return op.result(op.state), op.finish(err)
}

// takeBack undoes what the procedure registered. Before its first step only the beginning wrote anything.
func (op *operation) takeBack(cause error) error {
	if slices.ContainsFunc(op.trace.Steps, func(s api.PlanStep) bool { return s.Skipped == "" }) {
		return op.undoAll(cause)
	}
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	op.state = op.begun.View.State
	return op.abandon(ctx)
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// perform walks the procedure: planning first, then, unless it is a dry run, for real.
func (op *operation) perform(dryRun bool, procedure func() error) error {
	op.planning, op.came = true, map[string]bool{}
	err := procedure()
	op.planning, op.came = false, map[string]bool{}
	if err != nil || dryRun {
		return err
	}
	op.progress.expect(op.plan)
	return procedure()
}

// result is what the operation returns when it succeeded.
func (op *operation) result(state lifecycle.State) api.OperationResult {
	return api.OperationResult{
		ClusterID: op.clusterID, Operation: op.name, ClusterState: string(state),
		Revision: op.view.Revision, Nodes: len(op.view.NodeIDs()), Warnings: op.progress.Warnings, Skipped: op.skips, Orphans: op.orphans,
	}
}

// planned is what a dry run returns.
func (op *operation) planned() api.OperationResult {
	r := op.result(op.view.State)
	r.Plan = &op.plan
	op.progress.end(api.OpSucceeded, nil)
	return r
}

// call runs an activity and waits for it; the activity belongs to the step that is running.
func (op *operation) call(ctx workflow.Context, o workflow.ActivityOptions, activity string, input, output any) error {
	return ended(op.start(ctx, o, activity, input).Get(ctx, output))
}

// ended makes a cancellation of the failure of an activity that was only not tried again because it was cancelled, like
// one whose worker died then.
func ended(err error) error {
	var failed *temporal.ActivityError
	if errors.As(err, &failed) && failed.RetryState() == enums.RETRY_STATE_CANCEL_REQUESTED && !temporal.IsCanceledError(err) {
		return temporal.NewCanceledError()
	}
	return err
}

// start runs an activity; the caller waits.
func (op *operation) start(ctx workflow.Context, o workflow.ActivityOptions, activity string, input any) workflow.Future {
	op.calls++
	o.ActivityID = fmt.Sprintf("%d-%s", op.calls, activity)
	op.progress.watch(o.ActivityID)
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), activity, input)
}

// close writes the last word about the operation into the control record. It must arrive, cancelled or not.
func (op *operation) close(outcome string, state lifecycle.State, cause error) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	reason := ""
	if cause != nil {
		reason = summary(cause)
	}
	return op.call(ctx, patient("record that "+op.name+" "+outcome), activities.EndOperation, records.EndInput{
		ClusterID: op.clusterID, RunID: op.runID, Outcome: outcome, ClusterState: state, Reason: reason, PoweredOff: op.poweredOff,
		Skipped: op.skips,
	}, nil)
}

// outcomeOf says how an operation that ended with err ended.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return api.OpSucceeded
	case temporal.IsCanceledError(err):
		return api.OpCancelled
	}
	return api.OpFailed
}

// finish gives the workflow's own end: progress, search attribute, and the error as callers see it. An error of an undo
// hides behind the original one, and never in a cancellation, whose text would be lost.
func (op *operation) finish(err error) error {
	err = op.leftBehind(err)
	outcome := outcomeOf(err)
	op.progress.end(outcome, err)
	op.tell(outcome)
	return wire(err)
}

// tell gives the operation's state to the search attribute of its workflow.
func (op *operation) tell(state string) {
	if known := temporal.NewSearchAttributeKeyKeyword(api.AttrOperationState); workflow.GetTypedSearchAttributes(op.ctx).ContainsKey(known) {
		// The starter set it, so the server knows it.
		if upErr := workflow.UpsertTypedSearchAttributes(op.ctx, known.ValueSet(state)); upErr != nil {
			workflow.GetLogger(op.ctx).Warn("search attribute not updated", "error", upErr)
		}
	}
}

// wire makes the error that leaves the workflow: faults as application errors of their type, never retryable (an
// operation is started again by people), the innermost application error for failed activities.
func wire(err error) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	f.Retryable = false
	return activities.ToTemporal(f)
}

// faultOf finds the fault in an error, also in one that came over the wire.
func faultOf(err error) *fault.Fault {
	if f := fault.As(err); f != nil {
		out := *f
		return &out
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.HasDetails() {
		var f fault.Fault
		if app.Details(&f) == nil && f.Type != "" {
			return &f
		}
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return fault.Wrap(err, fault.Unreachable, "an activity did not end in time")
	}
	return fault.Wrap(err, fault.Internal, "unexpected error")
}

// summary is the fault's message on one line, without output.
func summary(err error) string {
	if temporal.IsCanceledError(err) {
		return "cancelled"
	}
	return strings.ReplaceAll(faultOf(err).Message, "\n", " ")
}

// begin opens an operation on an existing cluster: everything that can be refused is refused here. Short and not
// cancellable, so that it is never half done. What an operation that died left in the temporary folders goes first.
func (op *operation) begin(in records.BeginInput) error {
	ctx, done := workflow.NewDisconnectedContext(op.ctx)
	defer done()
	in.ClusterID, in.RunID, in.Type = op.clusterID, op.runID, op.name
	err := op.opened(ctx, quick("open "+op.name+" of "+op.clusterID), in)
	if err == nil {
		op.state = op.view.State
	}
	switch {
	case err == nil && !op.begun.Unfinished:
		return nil
	case in.DryRun && err == nil:
		return fault.New(fault.NotAllowed, "an earlier operation died half-way; what it left is cleared when the next operation runs for real").
			At(op.clusterID, "", "").WithHint("run the operation without dry run")
	case in.DryRun:
		return err
	case err == nil:
		if err = op.clearUnfinished(ctx); err == nil {
			return op.begin(in)
		}
	}
	return undone(err, op.abandon(ctx))
}

// opened takes what the operation starts from, into a fresh value: decoding leaves alone what an answer omits, and a
// second answer would be mixed with the first.
func (op *operation) opened(ctx workflow.Context, o workflow.ActivityOptions, in records.BeginInput) error {
	var begun records.Begun
	if err := op.call(ctx, o, activities.BeginOperation, in, &begun); err != nil {
		return err
	}
	op.begun = begun
	op.seen(begun.View)
	return nil
}

// abandon takes back what the beginning of the operation wrote, if it failed after that.
func (op *operation) abandon(ctx workflow.Context) error {
	return op.call(ctx, patient("abandon "+op.name+" of "+op.clusterID), activities.Abandon, records.AbandonInput{
		ClusterID: op.clusterID, RunID: op.runID,
	}, nil)
}

// clearUnfinished empties the temporary folders an operation left that died half-way, boots the machines it may have
// switched off, and releases the nodes it had begun to add or to release.
func (op *operation) clearUnfinished(ctx workflow.Context) error {
	stale, stay := op.begun.Stale, lifecycle.Except(op.begun.Stale)
	op.progress.warn(api.Warning{Message: fmt.Sprintf(
		"an earlier operation died half-way: its temporary folders are cleared, %d nodes it had begun to add or to delete are released", len(stale))})
	if op.begun.MayBeOff {
		if err := op.power(ctx, true, lifecycle.IDsOf(op.view.Refs(stay))); err != nil {
			op.progress.warn(api.Warning{Message: summary(err)})
		}
	}
	none := []string{}
	change := publish.Change{Remove: stale, Adding: &none, Deleting: &none, VerticalScaling: &none}
	if err := op.releaseNodes(ctx, stale); err != nil {
		change.Lost = summary(err)
	}
	return op.settle(ctx, "", &change, op.view.AgentIDs(stay))
}
