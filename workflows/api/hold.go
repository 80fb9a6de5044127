package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	agentapi "drover/agent/api"
)

// Held is a failed step that keeps its operation open until an operator resolves it.
type Held struct {
	Step  string    `json:"step"`  // "CC4"
	Words string    `json:"words"` // "init, order 0"
	Since time.Time `json:"since"`
	// Error is the failure, with output and hint on further lines.
	Error string `json:"error"`
	// Unknown: a command began and its outcome is unknown. Such a step is held whatever on_failure says.
	Unknown bool   `json:"unknown,omitempty"`
	Service string `json:"service,omitempty"`
	// Failed is on how many nodes the service did not succeed; Nodes are the first of them.
	Failed int        `json:"failed,omitempty"`
	Nodes  []HeldNode `json:"nodes,omitempty"`
	// Choices are what an operator may do, and what comes of it.
	Choices []Choice `json:"choices"`
}

// HeldNode is a node on which a command did not succeed.
type HeldNode struct {
	Node    string           `json:"node"` // "etcd_node/1 cln-xxxxxxxx"
	Outcome agentapi.Outcome `json:"outcome"`
}

// Choice is one way to resolve a held step.
type Choice struct {
	Action  string `json:"action"`
	Does    string `json:"does"`              // what comes of it
	Refused string `json:"refused,omitempty"` // why it may not be chosen
	Command string `json:"command,omitempty"` // as an operator types it
}

// Actions that resolve a held step.
const (
	ResolveRetry = "retry" // run the step again, where it did not succeed
	ResolveSkip  = "skip"  // continue as if it had succeeded
	ResolveAbort = "abort" // end the operation as a failure of the step does without a hold
	// ResolveKill ends the commands of the step that runs, or is held while they may run. The step fails by that, and is held.
	ResolveKill = "kill"
)

// Resolution is the input of the update "resolve".
type Resolution struct {
	Action string `json:"action"`
	// Reason is required to skip, and recorded.
	Reason string `json:"reason,omitempty"`
	// Step refuses the resolution unless it is the one that is held: "CC4", or "CC4 init, order 0".
	Step string `json:"step,omitempty"`
	// Nodes are the ids of the nodes whose commands are killed; none: all of the step.
	Nodes []string `json:"nodes,omitempty"`
	// By is who says so, for the record.
	By string `json:"by,omitempty"`
}

// Resolved is the answer of the update "resolve".
type Resolved struct {
	Step   string `json:"step"`
	Words  string `json:"words"`
	Action string `json:"action"`
	// Next says what happens now.
	Next string `json:"next"`
	// Killed are the ids of nodes whose command ran and was ended, Silent of those that did not answer.
	Killed []string `json:"killed,omitempty"`
	Silent []string `json:"silent,omitempty"`
}

// reasonLimit bounds what goes into history and record, in bytes.
const reasonLimit = 1000

// Problems lists everything that is wrong with the resolution; empty when it can be used.
func (r Resolution) Problems() []string {
	var p []string
	actions := []string{ResolveRetry, ResolveSkip, ResolveAbort, ResolveKill}
	if !slices.Contains(actions, r.Action) {
		p = append(p, fmt.Sprintf("action: %q is not one of %s", r.Action, strings.Join(actions, ", ")))
	}
	if r.Action == ResolveSkip && strings.TrimSpace(r.Reason) == "" {
		p = append(p, "reason: required to skip a step; it is recorded")
	}
	if len(r.Nodes) > 0 && r.Action != ResolveKill {
		p = append(p, "nodes: only with action kill")
	}
	for _, n := range r.Nodes {
		if !ValidNodeID(n) {
			p = append(p, fmt.Sprintf("nodes: %q is not the id of a node", n))
		}
	}
	for field, value := range map[string]string{"reason": r.Reason, "by": r.By} {
		if len(value) > reasonLimit {
			p = append(p, fmt.Sprintf("%s: at most %d bytes", field, reasonLimit))
		}
	}
	slices.Sort(p)
	return p
}
