package workflows

import (
	"errors"
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
		Description: "resolve a held step: retry it, skip it with a reason, or abort the operation; or kill the commands of a step",
	})
}

// resolve takes a decision the validator has let pass; the procedure continues by it.
func (h *holder) resolve(ctx workflow.Context, raw converter.RawValue) (api.Resolved, error) {
	if err := h.mayResolve(raw); err != nil {
		return api.Resolved{}, wire(err)
	}
	var r api.Resolution
	_ = strictly(raw, &r) // has no problems, or it could not be resolved
	if r.Action == api.ResolveKill {
		return h.kill(ctx, r)
	}
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
		return f.WithHint(`an example: {"action": "retry"}; actions are retry, skip (with a reason), abort and kill`)
	}
	if r.Action == api.ResolveKill {
		return h.mayKill(r)
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
		return fault.New(fault.NotAllowed, "%s %s is not resolved by %s: %s", held.Step, held.Words, r.Action, why).At(op.clusterID, "", held.Service).
			WithHint("it stays held; choose another way")
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

// holds says whether a step's failure keeps the operation open: when the request says so, and always when an operator killed
// its commands, when it is undecided, or when no attempt of an activity gave an answer. Not what the user forced past, and not after a cancel.
func (h *holder) holds(ctx workflow.Context, s step, left failedCommands, err error) bool {
	if s.force || temporal.IsCanceledError(err) || ctx.Err() != nil {
		return false
	}
	return h.wanted || left.killed || left.undecided(err) || unanswered(err)
}

// unanswered reports whether an activity ended without an answer: the workers that had it died, all of them.
func unanswered(err error) bool {
	var failed *temporal.ActivityError
	var timeout *temporal.TimeoutError
	return errors.As(err, &failed) && errors.As(err, &timeout)
}

func unknown(err error) bool { return faultOf(err).Type == fault.OutcomeUnknown }

// wait waits for an operator's word on a step that failed. A cancel ends the wait.
func (h *holder) wait(ctx workflow.Context, why api.Held, list *[]api.Step, at int) (api.Resolution, error) {
	h.held = &held{Held: why}
	before := h.op.progress.hold(list, at, &h.held.Held)
	h.op.reportState(api.OpHeld)
	err := workflow.Await(ctx, func() bool { return h.held.decision != nil })
	if err == nil {
		err = ctx.Err() // cancelled at the same time
	}
	decision := h.held.decision
	h.op.progress.logResolved(h.held, err)
	h.held = nil
	h.op.progress.release(before)
	h.op.reportState(api.OpRunning)
	if err != nil {
		return api.Resolution{}, err
	}
	return *decision, nil
}

// facts are what an operator needs to know for any decision about a failure.
func (h *holder) facts(ctx workflow.Context, id lifecycle.StepID, words string, left failedCommands, failure error) api.Held {
	return api.Held{
		Step: string(id), Words: words, Since: workflow.Now(ctx).UTC(), Error: whole(failure), Unknown: left.undecided(failure),
		Service: faultOf(failure).Service, Failed: len(left.nodes), Nodes: left.nodes[:min(len(left.nodes), heldNodes)],
	}
}

func (h *holder) choose(action, does, flags string) api.Choice {
	return api.Choice{Action: action, Does: does, Command: "drover resolve " + h.op.clusterID + flags}
}

const (
	retryFlag, abortFlag = " --retry", " --abort"
	skipFlags            = ` --skip --reason "..."`
)

// atStep words what an operator needs to know about a step that failed.
func (h *holder) atStep(ctx workflow.Context, s api.PlanStep, named lifecycle.Step, left failedCommands, failure error) api.Held {
	out := h.facts(ctx, named.ID, s.Words, left, failure)
	skip := h.choose(api.ResolveSkip, "continue after the step as if it had succeeded; the reason is recorded", skipFlags)
	if no := lifecycle.MaySkip(named); no != nil {
		skip.Refused, skip.Command = no.Why+"; "+no.Hint, ""
	}
	out.Choices = []api.Choice{
		h.choose(api.ResolveRetry, retryDoes(out, left), retryFlag), skip, h.choose(api.ResolveAbort, h.abortDoes(), abortFlag),
	}
	out.Choices = append(out.Choices, h.killing(left)...)
	return out
}

// inUndo words the same about an undo, which cannot continue before a node is heard: a command that still runs there would
// run into what is undone.
func (h *holder) inUndo(ctx workflow.Context, id lifecycle.StepID, words string, left failedCommands, failure error) api.Held {
	out := h.facts(ctx, id, words, left, failure)
	abort := api.Choice{Action: api.ResolveAbort, Refused: "the operation is being undone; retry, or skip when the node is gone"}
	out.Choices = []api.Choice{
		h.choose(api.ResolveRetry, "ask the node again", retryFlag),
		h.choose(api.ResolveSkip, "continue the undo as if nothing ran there: the node is gone, or you have examined it; the reason is recorded", skipFlags),
		abort,
	}
	out.Choices = append(out.Choices, h.killing(left)...)
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
func (h *holder) skipped(ctx workflow.Context, id lifecycle.StepID, words string, r api.Resolution, failure error) string {
	note := fmt.Sprintf("skipped by %s at %s: %s", operatorOf(r.By), workflow.Now(ctx).UTC().Format(time.RFC3339), strings.TrimSpace(r.Reason))
	h.op.end.skips = append(h.op.end.skips, string(id)+" "+words+" "+note)
	h.recordSkips(ctx)
	h.op.progress.warn(api.Warning{
		Step: string(id), Node: faultOf(failure).Node, Message: words + " " + note + " (it had failed: " + summary(failure) + ")",
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
