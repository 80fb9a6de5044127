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

// holder keeps an operation open at a step that failed until an operator decides.
type holder struct {
	op          *operation // whose words, progress and undo it shows
	wanted      bool       // the request wants every failed step to wait
	keepsFailed bool       // the request wants nothing undone
	held        *held      // the step that waits; nil: none does
}

// held is a step that failed and waits for an operator's word. It waits without a timer and without an activity, so that
// nothing expires however long it takes and no worker needs to be there.
type held struct {
	api.Held
	decision *api.Resolution
}

// takesResolutions answers the update by which operators resolve a held step.
func (h *holder) takesResolutions(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, api.UpdateResolve, h.resolve, workflow.UpdateHandlerOptions{
		Validator:   func(raw converter.RawValue) error { return wire(h.mayResolve(raw)) },
		Description: "resolve a held step: retry it, skip it with a reason, or abort the operation",
	})
}

// resolve takes a decision the validator has let pass; the procedure continues by it.
func (h *holder) resolve(_ workflow.Context, raw converter.RawValue) (api.Resolved, error) {
	if err := h.mayResolve(raw); err != nil {
		return api.Resolved{}, wire(err)
	}
	var r api.Resolution
	_ = strictly(raw, &r) // has no problems, or it could not be resolved
	h.held.decision = &r
	return api.Resolved{Step: h.held.Step, Words: h.held.Words, Action: r.Action, Next: h.held.choice(r.Action).Does}, nil
}

// mayResolve refuses what makes no sense, with the reason; nil lets it pass.
func (h *holder) mayResolve(raw converter.RawValue) error {
	op, held := h.op, h.held
	var r api.Resolution
	if problems := strictly(raw, &r); len(problems) > 0 {
		f := fault.New(fault.Invalid, "the resolution is not valid: %s", strings.Join(problems, "; "))
		f.Problems = problems
		return f.WithHint(`an example: {"action": "retry"}; actions are retry, skip (with a reason) and abort`)
	}
	if held == nil || held.decision != nil {
		return fault.New(fault.NotAllowed, "%s of %s is not held: %s", op.name, op.clusterID, op.progress.now()).
			At(op.clusterID, "", "").WithHint("nothing was changed; drover watch %s follows it", op.clusterID)
	}
	if whole := held.Step + " " + held.Words; r.Step != "" && r.Step != held.Step && r.Step != whole {
		return fault.New(fault.Conflict, "%s is held, not %s", whole, r.Step).At(op.clusterID, "", "").
			WithHint("nothing was changed; drover status %s shows what is held", op.clusterID)
	}
	if why := held.choice(r.Action).Refused; why != "" {
		return fault.New(fault.NotAllowed, "%s %s may not be skipped: %s", held.Step, held.Words, why).At(op.clusterID, "", held.Service).
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

// holds says whether a step's failure keeps the operation open: when the request says so, and always when it is not known
// how a command ended, for then neither continuing nor undoing is safe before an operator has examined the node. Not what
// the user forced past, not after a cancel, and not while undoing: an undo is the way out and must end.
func (h *holder) holds(ctx workflow.Context, s step, err error) bool {
	if s.force || temporal.IsCanceledError(err) || ctx.Err() != nil {
		return false
	}
	return h.wanted || unknown(err)
}

func unknown(err error) bool { return faultOf(err).Type == fault.OutcomeUnknown }

// wait waits for an operator's word on a step that failed. A cancel ends the wait.
func (h *holder) wait(ctx workflow.Context, s api.PlanStep, named lifecycle.Step, list *[]api.Step, at int, left failedCommands, failure error) (api.Resolution, error) {
	h.held = &held{Held: h.why(ctx, s, named, left, failure)}
	h.op.progress.hold(list, at, &h.held.Held)
	h.op.reportState(api.OpHeld)
	err := workflow.Await(ctx, func() bool { return h.held.decision != nil })
	if err == nil {
		err = ctx.Err() // cancelled at the same time
	}
	decision := h.held.decision
	h.held = nil
	h.op.progress.release()
	h.op.reportState(api.OpRunning)
	if err != nil {
		return api.Resolution{}, err
	}
	return *decision, nil
}

// why words what an operator needs to know for a decision.
func (h *holder) why(ctx workflow.Context, s api.PlanStep, named lifecycle.Step, left failedCommands, failure error) api.Held {
	out := api.Held{
		Step: s.ID, Words: s.Words, Since: workflow.Now(ctx).UTC(), Error: whole(failure), Unknown: unknown(failure),
		Service: faultOf(failure).Service, Failed: len(left.nodes), Nodes: left.nodes[:min(len(left.nodes), heldNodes)],
	}
	resolve := "drover resolve " + h.op.clusterID
	skip := api.Choice{Action: api.ResolveSkip, Command: resolve + ` --skip --reason "..."`,
		Does: "continue after the step as if it had succeeded; the reason is recorded"}
	if no := lifecycle.MaySkip(named); no != nil {
		skip.Refused, skip.Command = no.Why+"; "+no.Hint, ""
	}
	out.Choices = []api.Choice{
		{Action: api.ResolveRetry, Does: retryDoes(out, left), Command: resolve + " --retry"},
		skip,
		{Action: api.ResolveAbort, Does: h.abortDoes(), Command: resolve + " --abort"},
	}
	return out
}

// heldNodes is how many nodes are named to the operator.
const heldNodes = 10

func retryDoes(h api.Held, left failedCommands) string {
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
	if left.succeeded > 0 {
		does += fmt.Sprintf("; the %d that succeeded are left alone", left.succeeded)
	}
	return does
}

// abortDoes names what a failure of the step does without a hold.
func (h *holder) abortDoes() string {
	if h.keepsFailed {
		return "end the operation as failed; everything is kept for inspection"
	}
	words := h.op.undo.words()
	if len(words) == 0 {
		return "end the operation as failed; there is nothing to undo"
	}
	return "end the operation as failed; before that: " + strings.Join(words, "; ")
}

// skipped records that an operator skips a step that failed.
func (h *holder) skipped(ctx workflow.Context, s api.PlanStep, r api.Resolution, failure error) string {
	by := r.By
	if by == "" {
		by = "an operator"
	}
	note := fmt.Sprintf("skipped by %s at %s: %s", by, workflow.Now(ctx).UTC().Format(time.RFC3339), strings.TrimSpace(r.Reason))
	h.op.end.skips = append(h.op.end.skips, s.ID+" "+s.Words+" "+note)
	h.recordSkips(ctx)
	h.op.progress.warn(api.Warning{
		Step: s.ID, Node: faultOf(failure).Node, Message: s.Words + " " + note + " (it had failed: " + summary(failure) + ")",
	})
	return note
}

// recordSkips gives the skips to the memo of the workflow: a result, which has them too, exists only of operations that
// succeed.
func (h *holder) recordSkips(ctx workflow.Context) {
	if len(h.op.end.skips) == 0 {
		return
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{api.MemoSkipped: h.op.end.skips}); err != nil {
		workflow.GetLogger(ctx).Warn("memo not updated", "error", err)
	}
}
