package lifecycle

import (
	"fmt"
	"slices"
	"strings"
)

// State is what a cluster is. It is set by the cluster's own operations and by nothing else.
//
//	(nothing) ── CreateCluster ──► creating ──► active ◄────────────── StartCluster ──┐
//	                                  │          │  ▲ │                               │
//	            undone: (nothing) ◄───┤          │  │ └── StopCluster ──────────► stopped
//	            kept:      failed ◄───┘          │  │                               ▲
//	                                             │  └── AddNodes, DeleteNodes,      │
//	                                             │      ScaleVertical, RunService,  │
//	                                             │      UpdateEnv, RestartCluster,  │
//	                                             │      RepairCluster               │
//	                                             ├── UpgradeCluster failed ─► upgrade_failed ── DowngradeCluster ─► active
//	                                             │                                  │
//	          DeleteCluster, from every state ───┴──► deleting ──► (nothing)        │
//	            destroy guard refuses: as it was; guard after stop refuses: ────────┘ (one that is upgrade_failed stays so)
//
//	          DeleteCluster with keep ──► deleted ── RecoverCluster ─► active (or upgrade_failed again)
//	                                         └────── CeaseCluster, by the timer too ──► deleting ──► (nothing)
type State string

const (
	Creating      State = "creating"       // CreateCluster runs, or died half-way and was not undone
	Active        State = "active"         // every service runs as the package starts it
	Stopped       State = "stopped"        // services are stopped; data is kept
	Failed        State = "failed"         // creation failed and was kept for inspection (on_failure: keep)
	UpgradeFailed State = "upgrade_failed" // an upgrade stopped half-way; downgrade or delete
	Deleting      State = "deleting"       // DeleteCluster passed its guards and releases
	Deleted       State = "deleted"        // in the recycle bin: machines off, everything kept until its time is up
	Unreadable    State = "unreadable"     // the control record cannot be read; no record is ever written with it
)

// Mark is what agents are told of a cluster on which no operation runs: nothing while it is active, and otherwise its state.
// Where there is a mark, their health checks rest: what was stopped is not to be started behind an operator's back.
func (s State) Mark() string {
	if s == Active {
		return ""
	}
	return string(s)
}

// Mark is what agents are told of the cluster while no operation runs on it.
func (r *Record) Mark() string {
	if r.State == Active && r.Maintenance != "" {
		return MarkMaintenance
	}
	return r.State.Mark()
}

// MarkMaintenance is the mark of an active cluster in maintenance: agents check the health of their node, and take no action.
const MarkMaintenance = "maintenance"

// Refusal says why an operation may not start, and what to do.
type Refusal struct {
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

func (r *Refusal) Error() string { return r.Why }

// May says whether an operation may start from a state; nil when it may.
func May(op Op, s State) *Refusal {
	p, _ := ProcedureOf(op)
	from := p.From
	if from == nil || slices.Contains(from, s) {
		return nil
	}
	words := make([]string, len(from))
	for i, f := range from {
		words[i] = string(f)
	}
	return &Refusal{
		Why:  fmt.Sprintf("%s is not allowed while the cluster is %s; it must be %s", op, s, strings.Join(words, " or ")),
		Hint: wayOut[s],
	}
}

// Refuses are the operations that may not start from the record's state, as their beginning will find it.
func Refuses(rec *Record) map[Op]Refusal {
	state := rec.State
	if rec.Operation.State == OperationRunning {
		state = AfterDeath(rec)
	}
	out := map[Op]Refusal{}
	for _, p := range Catalogue {
		if r := May(p.Op, state); r != nil {
			out[p.Op] = *r
		}
	}
	for _, op := range []Op{OpDeleteCluster, OpCeaseCluster} {
		if r := Protects(rec, op, false); r != nil {
			out[op] = *r
		}
	}
	return out
}

// AfterDeath is what a cluster must be taken for when its operation ended without a last word: terminated, or its server
// lost. Operations that stop services may have died while they were: the cluster counts as stopped, and StartCluster
// makes sure of everything.
func AfterDeath(r *Record) State {
	switch {
	case r.Operation.Clearing, r.State == Deleted, r.State == Deleting:
		return r.State
	case r.Target != nil:
		return UpgradeFailed
	}
	if p, _ := ProcedureOf(r.Operation.Type); r.State == Active && p.StopsServices {
		return Stopped
	}
	return r.State
}

// OnceStopped is what a cluster is when a deletion has stopped its services and then goes no further. One that is half-way
// between two versions stays just that: started, it would be active on neither.
func OnceStopped(s State) State {
	if s == UpgradeFailed {
		return s
	}
	return Stopped
}

// Unfinished says whether an operation left something in the temporary folders, or nodes it had begun to release.
func Unfinished(r *Record) bool {
	return len(r.Adding) > 0 || len(r.Deleting) > 0 || len(r.VerticalScaling) > 0 || len(r.Releasing) > 0
}

// Stale are the nodes that must not stay after an operation died: those it had begun to add or to release.
func Stale(r *Record) []string {
	stale := slices.Clone(r.Adding)
	for _, id := range r.Releasing {
		if !slices.Contains(stale, id) {
			stale = append(stale, id)
		}
	}
	return stale
}

// WithAgent are the nodes on which commands can run: an agent was started on their machine.
func WithAgent(r *Record) []string {
	var out []string
	for _, n := range r.Nodes {
		if n.AgentOn != "" && n.AgentOn == n.InstanceID {
			out = append(out, n.ID)
		}
	}
	return out
}

// ToAsk are the nodes that have to be asked whether a command still runs there before another operation begins; not those
// that are given up.
func ToAsk(r *Record, givenUp func(node string) bool) []string {
	var out []string
	for _, n := range r.Nodes {
		if slices.Contains(r.Open, n.ID) && !givenUp(n.ID) {
			out = append(out, n.ID)
		}
	}
	return out
}

// wayOut is what an operator can do about a state.
var wayOut = map[State]string{
	Creating:      "its creation died half-way; delete it",
	Stopped:       "start it first",
	Failed:        "its creation failed; delete it and create another",
	UpgradeFailed: "downgrade it to the version before, or delete it",
	Deleting:      "delete it again to finish the deletion",
	Deleted:       "it is in the recycle bin: bring it back with drover recover, or release it with drover cease",
	Active:        "it is active already",
}
