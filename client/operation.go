package client

import (
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"

	"drover/fault"
	"drover/workflows/api"
)

// Operation states as seen from outside: those of api.Progress, and the two a workflow cannot report itself.
const (
	StateRunning    = api.OpRunning
	StateUndoing    = api.OpUndoing
	StateHeld       = api.OpHeld
	StateSucceeded  = api.OpSucceeded
	StateFailed     = api.OpFailed
	StateCancelled  = api.OpCancelled
	StateRefused    = api.OpRefused
	StateTerminated = "terminated"
	StateTimedOut   = "timed_out"
)

// Operation is one run of an operation on a cluster: the running one, or how one ended.
type Operation struct {
	ClusterID  string `json:"cluster_id"`
	Type       string `json:"type"`
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
	// FirstRunID is the run the operation began as; it differs from RunID once it continued as a new run.
	FirstRunID string `json:"-"`
	State      string `json:"state"`
	// By is the user who asked for it; empty when unknown.
	By string `json:"by,omitempty"`
	// DryRun: only a plan was wanted.
	DryRun    bool      `json:"dry_run,omitempty"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Progress is the workflow's own word; nil when no worker answered.
	Progress *api.Progress `json:"progress,omitempty"`
	// Activities are the running activities by id.
	Activities map[string]Activity `json:"activities,omitempty"`
	// Waiting is what the operation waits for; nil when it has ended, or no worker answered.
	Waiting *Waiting             `json:"waiting,omitempty"`
	Result  *api.OperationResult `json:"result,omitempty"`
	Error   *fault.Fault         `json:"error,omitempty"`
	// Number is that of the operation in its cluster, from 1; 0 when it is not known.
	Number int `json:"number,omitempty"`
	// What is what it was asked for, in one line without values; empty when unknown.
	What string `json:"what,omitempty"`
	// Skipped are the failed steps that operators took on themselves, however the operation ended; History alone fills it.
	Skipped []string `json:"skipped,omitempty"`
}

// Activity is a running activity as the server knows it.
type Activity struct {
	Name string   `json:"name"`
	Beat api.Beat `json:"beat"`
	// Attempt counts from 1; LastFailure is why the attempt before failed.
	Attempt     int    `json:"attempt"`
	LastFailure string `json:"last_failure,omitempty"`
	// NextAttemptAt is when the next attempt begins; zero while one runs.
	NextAttemptAt time.Time `json:"next_attempt_at,omitzero"`
}

// Idle reports a run that is not an operation: a dry run, or one that was refused. It changed nothing.
func (o *Operation) Idle() bool { return o.DryRun || o.State == StateRefused }

// Running says whether the operation has not ended yet.
func (o *Operation) Running() bool {
	return o.State == StateRunning || o.State == StateUndoing || o.State == StateHeld
}

// Failed gives the error of an operation that ended badly; nil otherwise.
func (o *Operation) Failed() error {
	if o.Error == nil {
		return nil
	}
	return &Failed{Operation: o.Type, ClusterID: o.ClusterID, State: o.State, Fault: o.Error, Began: began(o.Progress)}
}

// where names the step the operation is at, for a refusal.
func (o *Operation) where() string {
	if o.Progress == nil {
		return "; its progress is unknown because no worker responds"
	}
	for _, steps := range [][]api.Step{o.Progress.Undo, o.Progress.Steps} {
		for _, step := range steps {
			switch step.State {
			case api.StepRunning:
				return fmt.Sprintf(", at step %s %s since %s", step.ID, step.Words, clock(step.StartedAt))
			case api.StepHeld:
				return fmt.Sprintf(", held at step %s %s since %s", step.ID, step.Words, clock(o.heldSince(step)))
			}
		}
	}
	return ""
}

func (o *Operation) heldSince(step api.Step) time.Time {
	if o.Progress.Held != nil {
		return o.Progress.Held.Since
	}
	return step.StartedAt
}

func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly + " MST") }

// began says whether a step had an effect. A step that failed alone is not counted: it may be the check that refused.
func began(p *api.Progress) bool {
	if p == nil {
		return false
	}
	if len(p.Undo) > 0 {
		return true
	}
	for _, step := range p.Steps {
		switch step.State {
		case api.StepDone, api.StepUndone, api.StepRunning, api.StepHeld:
			return true
		}
	}
	return false
}

func stateOf(status enums.WorkflowExecutionStatus) string {
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return StateSucceeded
	case enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		return StateFailed
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return StateCancelled
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return StateTerminated
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return StateTimedOut
	}
	return StateRunning
}
