package api

import "time"

// Operation states in Progress.
const (
	OpRunning   = "running"
	OpHeld      = "held" // a step failed and waits for an operator: Progress.Held
	OpUndoing   = "undoing"
	OpSucceeded = "succeeded"
	OpFailed    = "failed"
	OpCancelled = "cancelled"
	OpRefused   = "refused" // it did not begin, and nothing was changed
	OpPlanned   = "planned" // a dry run; a search attribute alone has it
)

// Step states.
const (
	StepPending = "pending"
	StepRunning = "running"
	StepHeld    = "held"
	StepDone    = "done"
	StepFailed  = "failed"
	StepSkipped = "skipped"
	StepUndone  = "undone" // its effect was undone
)

// Progress is the answer to the progress query, also after the operation has ended.
type Progress struct {
	ClusterID string `json:"cluster_id"`
	Operation string `json:"operation"`
	App       string `json:"app,omitempty"`
	// Number is that of the operation, from 1 with each of the cluster; 0 until it has begun.
	Number    int       `json:"number,omitempty"`
	State     string    `json:"state"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Steps in the order they run; pending ones are known beforehand from the plan.
	Steps []Step `json:"steps"`
	// Undo steps, in the order they ran; empty unless the operation undid something.
	Undo     []Step    `json:"undo,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
	// Error is the reason of a failure, with output and hint on further lines.
	Error string `json:"error,omitempty"`
	// Held is the step that waits for an operator; nil unless State is held.
	Held *Held `json:"held,omitempty"`
	// NoReturn is the operation's point of no return; nil when it has none.
	NoReturn *Point `json:"no_return,omitempty"`
	// Undoes is what a cancel, or an abort of a held step, would undo now, in that order.
	Undoes []string `json:"undoes,omitempty"`
	// Stays is from where on what the operation did stays done although a cancel ends it; nil when there is no such step.
	Stays *Point `json:"stays,omitempty"`
}

// Point is a step from which on something holds to the operation's end.
type Point struct {
	Step string `json:"step"`
	Why  string `json:"why"`
	// PassedAt is when the operation came there; zero while it is ahead.
	PassedAt time.Time `json:"passed_at,omitzero"`
}

// Step is one documented step, or one order group of a stage within it.
type Step struct {
	ID    string `json:"id"`
	Words string `json:"words"`
	State string `json:"state"`
	// Note says why a step was skipped or how it failed.
	Note string `json:"note,omitempty"`
	// Tries counts how often the step was run, when an operator had it run again.
	Tries     int       `json:"tries,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Deadline is when the step gives up by itself; zero when it has none of its own.
	Deadline time.Time `json:"deadline,omitzero"`
	Nodes    int       `json:"nodes,omitempty"` // how many nodes it concerns
	// ActivityIDs of the step's running activities: their heartbeat details (Beat) report single nodes.
	ActivityIDs []string `json:"activity_ids,omitempty"`
}

// Beat is the heartbeat detail of an activity over many nodes, read through DescribeWorkflowExecution.
type Beat struct {
	Done  int `json:"done"`
	Total int `json:"total"`
	// Waiting are up to three of the nodes not done yet, longest first.
	Waiting []BeatNode `json:"waiting,omitempty"`
	// Failures is how many attempts of the activity have failed; attempts whose worker died are not counted.
	Failures int `json:"failures,omitempty"`
}

// BeatNode is one node that is not done yet.
type BeatNode struct {
	Node  string    `json:"node"` // "etcd_node/1 cln-xxxxxxxx"
	Since time.Time `json:"since"`
	// Command is the id under which the node's agent knows the command that runs there.
	Command  string `json:"command,omitempty"`
	LastLine string `json:"last_line,omitempty"`
}
