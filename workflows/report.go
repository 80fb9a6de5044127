package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"drover/lifecycle"
	"drover/workflows/api"
)

// What a worker logs and counts of operations. Logger and metrics of the SDK stay silent while a workflow is replayed, so
// that each event is reported once by the worker that saw it. Dry runs are not reported.

// Metrics of operations, as the SDK's handler takes them: the exporter adds the unit.
const (
	metricOperation = "drover_operation_duration"
	metricStep      = "drover_step_duration"
	metricHolds     = "drover_holds"
)

// logBegin logs that an operation begins; later runs of the same one continue it.
func (op *operation) logBegin() {
	op.progress.logged = true
	if op.handover.Done == 0 {
		workflow.GetLogger(op.ctx).Info("operation begins", "cluster", op.clusterID, "operation", op.name, "number", op.begun.View.Seq,
			"app", op.begun.View.App, "version", op.begun.View.Version)
	}
}

// logEnd logs how an operation ended. A refusal changed nothing: it is not a failure of anything that runs.
func (op *operation) logEnd(outcome string, err error) {
	took := workflow.Now(op.ctx).Sub(op.progress.StartedAt)
	log := workflow.GetLogger(op.ctx)
	words := []any{"cluster", op.clusterID, "operation", op.name, "took", took.Round(time.Millisecond), "outcome", outcome}
	switch {
	case outcome == api.OpRefused:
		logRefused(op.ctx, op.name, err)
		return
	case dryRun(op.ctx):
		return
	case outcome == api.OpSucceeded:
		log.Info("operation ends", words...)
	default:
		log.Warn("operation ends", append(words, "error", summary(err))...)
	}
	count(op.ctx, op.name, outcome, took)
}

// logRefused logs of a request that was not allowed to begin.
func logRefused(ctx workflow.Context, name lifecycle.Op, err error) {
	if dryRun(ctx) {
		return
	}
	workflow.GetLogger(ctx).Info("operation refused", "id", workflow.GetInfo(ctx).WorkflowExecution.ID, "operation", name,
		"outcome", api.OpRefused, "error", summary(err))
	count(ctx, name, api.OpRefused, 0)
}

// dryRun reports that a workflow only plans.
func dryRun(ctx workflow.Context) bool {
	_, is := api.PlannedCluster(workflow.GetInfo(ctx).WorkflowExecution.ID)
	return is
}

func count(ctx workflow.Context, name lifecycle.Op, outcome string, took time.Duration) {
	workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"operation": name, "outcome": outcome}).Timer(metricOperation).Record(took)
}

// logStep logs that a step ended.
func (p *progress) logStep(s *api.Step, err error) {
	if !p.logged {
		return
	}
	took := s.EndedAt.Sub(s.StartedAt)
	log := workflow.GetLogger(p.ctx)
	words := []any{"cluster", p.ClusterID, "operation", p.Operation, "step", s.ID, "words", s.Words, "took", took.Round(time.Millisecond), "outcome", s.State}
	if s.Nodes > 0 {
		words = append(words, "nodes", s.Nodes)
	}
	if err == nil {
		log.Info("step ends", words...)
	} else {
		log.Warn("step ends", append(words, "error", summary(err))...)
	}
	workflow.GetMetricsHandler(p.ctx).WithTags(map[string]string{"operation": p.Operation, "step": s.ID, "outcome": s.State}).
		Timer(metricStep).Record(took)
}

// logHold logs that a step waits for an operator.
func (p *progress) logHold(h *api.Held) {
	first, _, _ := strings.Cut(h.Error, "\n")
	workflow.GetLogger(p.ctx).Warn("step held", "cluster", p.ClusterID, "operation", p.Operation, "step", h.Step, "words", h.Words,
		"outcome", api.StepHeld, "error", first, "resolve_with", "drover resolve "+p.ClusterID)
	workflow.GetMetricsHandler(p.ctx).WithTags(map[string]string{"operation": p.Operation, "step": h.Step}).Counter(metricHolds).Inc(1)
}

// logResolved logs what an operator decided about a held step, or that the operation was cancelled meanwhile.
func (p *progress) logResolved(h *held, cancelled error) {
	action := "cancelled"
	if cancelled == nil {
		action = h.decision.Action
	}
	workflow.GetLogger(p.ctx).Info("step resolved", "cluster", p.ClusterID, "operation", p.Operation, "step", h.Step, "words", h.Words,
		"took", workflow.Now(p.ctx).Sub(h.Since).Round(time.Millisecond), "action", action)
}
