package api

import "time"

// Operation states in Progress.
const (
	OpRunning   = "running"
	OpUndoing   = "undoing"
	OpSucceeded = "succeeded"
	OpFailed    = "failed"
	OpCancelled = "cancelled"
)

// Step states.
const (
	StepPending = "pending"
	StepRunning = "running"
	StepDone    = "done"
	StepFailed  = "failed"
	StepSkipped = "skipped"
	StepUndone  = "undone" // its effect was undone
)

// Progress is the answer to the progress query, also after the operation has ended.
type Progress struct {
	ClusterID string    `json:"cluster_id"`
	Operation string    `json:"operation"`
	App       string    `json:"app,omitempty"`
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
}

// Step is one documented step, or one order group of a stage within it.
type Step struct {
	ID    string `json:"id"`
	Words string `json:"words"`
	State string `json:"state"`
	// Note says why a step was skipped or how it failed.
	Note      string    `json:"note,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Deadline is when the step gives up by itself; zero when it has none of its own.
	Deadline time.Time `json:"deadline,omitzero"`
	Nodes    int       `json:"nodes,omitempty"` // how many nodes it concerns
	// ActivityIDs of the step's running activities: their heartbeat details (Beat) tell about single nodes.
	ActivityIDs []string `json:"activity_ids,omitempty"`
}

// Beat is the heartbeat detail of an activity over many nodes, read through DescribeWorkflowExecution.
type Beat struct {
	Done  int `json:"done"`
	Total int `json:"total"`
	// Waiting are up to three of the nodes not done yet, longest first.
	Waiting []BeatNode `json:"waiting,omitempty"`
}

// BeatNode is one node that is not done yet.
type BeatNode struct {
	Node     string    `json:"node"` // "etcd_node/1 cln-xxxxxxxx"
	Since    time.Time `json:"since"`
	LastLine string    `json:"last_line,omitempty"`
}
