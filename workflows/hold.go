package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// held is a step that failed and waits for an operator's word. It waits without a timer and without an activity, so that
// nothing expires however long it takes and no worker needs to be there.
type held struct {
	api.Held
	decision *api.Resolution
}

// takesResolutions answers the update by which operators resolve a held step.
func (op *operation) takesResolutions() error {
	return workflow.SetUpdateHandlerWithOptions(op.ctx, api.UpdateResolve, op.resolve, workflow.UpdateHandlerOptions{
		Validator:   func(raw converter.RawValue) error { return wire(op.mayResolve(raw)) },
		Description: "resolve a held step: retry it, skip it with a reason, or abort the operation",
	})
}

// resolve takes a decision the validator has let pass; the procedure goes on by it.
func (op *operation) resolve(_ workflow.Context, raw converter.RawValue) (api.Resolved, error) {
	if err := op.mayResolve(raw); err != nil {
		return api.Resolved{}, wire(err)
	}
	var r api.Resolution
	_ = strictly(raw, &r) // has no problems, or it could not be resolved
	op.held.decision = &r
	return api.Resolved{Step: op.held.Step, Words: op.held.Words, Action: r.Action, Next: op.held.choice(r.Action).Does}, nil
}

// mayResolve refuses what makes no sense, with the reason; nil lets it pass.
func (op *operation) mayResolve(raw converter.RawValue) error {
	var r api.Resolution
	if problems := strictly(raw, &r); len(problems) > 0 {
		f := fault.New(fault.Invalid, "the resolution is not valid: %s", strings.Join(problems, "; "))
		f.Problems = problems
		return f.WithHint(`an example: {"action": "retry"}; actions are retry, skip (with a reason) and abort`)
	}
	h := op.held
	if h == nil || h.decision != nil {
		return fault.New(fault.NotAllowed, "%s of %s is not held: %s", op.name, op.clusterID, op.progress.now()).
			At(op.clusterID, "", "").WithHint("nothing was changed; drover watch %s follows it", op.clusterID)
	}
	if whole := h.Step + " " + h.Words; r.Step != "" && r.Step != h.Step && r.Step != whole {
		return fault.New(fault.Conflict, "%s is held, not %s", whole, r.Step).At(op.clusterID, "", "").
			WithHint("nothing was changed; drover status %s shows what is held", op.clusterID)
	}
	if why := h.choice(r.Action).Refused; why != "" {
		return fault.New(fault.NotAllowed, "%s %s may not be skipped: %s", h.Step, h.Words, why).At(op.clusterID, "", h.Service).
			WithHint("it stays held; retry or abort")
	}
	return nil
}

func (h *held) choice(action string) api.Choice {
	for _, c := range h.Choices {
		if c.Action == action {
			return c
		}
	}
	return api.Choice{}
}

// holds says whether a step's failure keeps the operation open: when the request says so, and always when nobody knows
// how a command ended, for then neither going on nor taking back is safe to decide without a look at the node. Not what
// the user forced past, not after a cancel, and not while undoing: an undo is the way out and must end.
func (op *operation) holds(err error) bool {
	if err == nil || op.forcing || op.progress.State == api.OpUndoing || temporal.IsCanceledError(err) || op.ctx.Err() != nil {
		return false
	}
	return op.onFailureHold || unknown(err)
}

func unknown(err error) bool { return faultOf(err).Type == fault.OutcomeUnknown }

// hold waits for an operator's word on a step that failed. A cancel ends the wait.
func (op *operation) hold(s api.PlanStep, list *[]api.Step, at int, failure error) (api.Resolution, error) {
	op.held = &held{Held: op.whyHeld(s, failure)}
	op.progress.hold(list, at, &op.held.Held)
	op.tell(api.OpHeld)
	err := workflow.Await(op.ctx, func() bool { return op.held.decision != nil })
	if err == nil {
		err = op.ctx.Err() // cancelled at the same time
	}
	decision := op.held.decision
	op.held = nil
	op.progress.release()
	op.tell(api.OpRunning)
	if err != nil {
		return api.Resolution{}, err
	}
	return *decision, nil
}

// whyHeld words what an operator needs to know for a decision.
func (op *operation) whyHeld(s api.PlanStep, failure error) api.Held {
	h := api.Held{
		Step: s.ID, Words: s.Words, Since: workflow.Now(op.ctx).UTC(), Error: whole(failure), Unknown: unknown(failure),
		Service: faultOf(failure).Service, Failed: len(op.failed.nodes),
		Nodes: op.failed.nodes[:min(len(op.failed.nodes), heldNodes)],
	}
	resolve := "drover resolve " + op.clusterID
	skip := api.Choice{Action: api.ResolveSkip, Command: resolve + ` --skip --reason "..."`,
		Does: "go on after the step as if it had succeeded; the reason is recorded"}
	if no := lifecycle.MaySkip(op.named(s)); no != nil {
		skip.Refused, skip.Command = no.Why+"; "+no.Hint, ""
	}
	h.Choices = []api.Choice{
		{Action: api.ResolveRetry, Does: op.retryDoes(h), Command: resolve + " --retry"},
		skip,
		{Action: api.ResolveAbort, Does: op.abortDoes(), Command: resolve + " --abort"},
	}
	return h
}

// heldNodes is how many nodes are named to the operator.
const heldNodes = 10

func (op *operation) retryDoes(h api.Held) string {
	if h.Failed == 0 {
		return "do the step again; what it has done already stays done"
	}
	names := make([]string, 0, len(h.Nodes))
	for _, n := range h.Nodes {
		name, _, _ := strings.Cut(n.Node, " ")
		names = append(names, name)
	}
	if more := h.Failed - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	does := fmt.Sprintf("run %s again on %s", h.Service, strings.Join(names, ", "))
	if h.Unknown {
		does += ", where it may have had its effect already"
	}
	if op.failed.succeeded > 0 {
		does += fmt.Sprintf("; the %d that succeeded are left alone", op.failed.succeeded)
	}
	return does
}

// abortDoes names what a failure of the step does without a hold.
func (op *operation) abortDoes() string {
	if op.keepsFailed {
		return "end the operation as failed; everything is kept for inspection"
	}
	words := op.undo.words()
	if len(words) == 0 {
		return "end the operation as failed; there is nothing to undo"
	}
	return "end the operation as failed; before that: " + strings.Join(words, "; ")
}

// skipped records that an operator took a failed step on himself.
func (op *operation) skipped(s api.PlanStep, r api.Resolution, failure error) string {
	by := r.By
	if by == "" {
		by = "an operator"
	}
	note := fmt.Sprintf("skipped by %s at %s: %s", by, workflow.Now(op.ctx).UTC().Format(time.RFC3339), strings.TrimSpace(r.Reason))
	op.skips = append(op.skips, s.ID+" "+s.Words+" "+note)
	op.tellSkips()
	op.progress.warn(api.Warning{
		Step: s.ID, Node: faultOf(failure).Node, Message: s.Words + " " + note + " (it had failed: " + summary(failure) + ")",
	})
	return note
}

// tellSkips gives the skips to the memo of the workflow: a result, which says the same, is only of operations that succeed.
func (op *operation) tellSkips() {
	if len(op.skips) == 0 {
		return
	}
	if err := workflow.UpsertMemo(op.ctx, map[string]any{api.MemoSkipped: op.skips}); err != nil {
		workflow.GetLogger(op.ctx).Warn("memo not updated", "error", err)
	}
}

// named is the step as the decisions of lifecycle know it.
func (op *operation) named(s api.PlanStep) lifecycle.Step {
	step := lifecycle.Step{Operation: op.name, ID: s.ID, Service: s.Asks}
	if len(s.Commands) > 0 {
		step.Service, step.Kind = s.Commands[0].Service, lifecycle.Kind(s.Commands[0].Kind)
	}
	return step
}
