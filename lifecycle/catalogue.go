package lifecycle

import "slices"

// Op is the type of an operation, as its workflow is registered.
type Op = string

// Operation types.
const (
	OpCreateCluster    Op = "CreateCluster"
	OpDeleteCluster    Op = "DeleteCluster"
	OpAddNodes         Op = "AddNodes"
	OpDeleteNodes      Op = "DeleteNodes"
	OpScaleVertical    Op = "ScaleVertical"
	OpUpgradeCluster   Op = "UpgradeCluster"
	OpDowngradeCluster Op = "DowngradeCluster"
	OpStartCluster     Op = "StartCluster"
	OpStopCluster      Op = "StopCluster"
	OpRestartCluster   Op = "RestartCluster"
	OpRunService       Op = "RunService"
	OpUpdateEnv        Op = "UpdateEnv"
	OpRepairCluster    Op = "RepairCluster"
	OpBackupCluster    Op = "BackupCluster"
	OpRestoreCluster   Op = "RestoreCluster"
	OpRestoreInPlace   Op = "RestoreInPlace"
	OpVerifyBackup     Op = "VerifyBackup"
	OpDeleteBackup     Op = "DeleteBackup"
	OpRecoverCluster   Op = "RecoverCluster"
	OpCeaseCluster     Op = "CeaseCluster"
)

// MakesCluster reports whether an operation begins without a cluster and makes one.
func MakesCluster(op Op) bool {
	return op == OpCreateCluster || op == OpRestoreCluster || op == OpVerifyBackup
}

// StepID names one documented step: in progress, plans, command ids, error texts and documentation.
type StepID string

// Procedure declares an operation: everything that code and documentation say about it comes from here.
type Procedure struct {
	Op   Op
	Does string // one sentence
	// From are the states it may start from; nil: no cluster yet.
	From []State
	// Unless the package or the request keeps a failure (On failure), what it did is undone as OnFailure describes.
	OnFailure string
	// StopsServices: services may be down while it runs, so that a cluster whose operation was lost counts as stopped.
	StopsServices bool
	NoReturn      Point
	Stays         Point
	Steps         []StepDef // in the document's order
}

// StepDef declares one step of a procedure.
type StepDef struct {
	ID    StepID
	Words string // in progress and plans; empty for a step that only decides
	Does  string // for documentation
	// Skip says why an operator may not skip the step when it is held; nil: it may be skipped. Steps that run commands are
	// decided by their service (MaySkip).
	Skip *Refusal
}

// Point is the first step of an operation from which on something holds until the operation ends.
type Point struct {
	// Steps are alternatives: the first one that the operation reaches is the point. None: there is no such point.
	Steps []StepID
	Why   string // one sentence
}

// ProcedureOf finds the declaration of an operation.
func ProcedureOf(op Op) (Procedure, bool) {
	i := slices.IndexFunc(Catalogue, func(p Procedure) bool { return p.Op == op })
	if i < 0 {
		return Procedure{}, false
	}
	return Catalogue[i], true
}

// Step finds a step of the procedure.
func (p Procedure) Step(id StepID) (StepDef, bool) {
	i := slices.IndexFunc(p.Steps, func(s StepDef) bool { return s.ID == id })
	if i < 0 {
		return StepDef{}, false
	}
	return p.Steps[i], true
}

// NoReturn is the operation's point of no return: from that step on it runs to its end, and a cancel has no effect.
func NoReturn(op Op) Point { p, _ := ProcedureOf(op); return p.NoReturn }

// Stays is the step from which on the effects of the operation stay: a cancel ends it there without undoing them.
func Stays(op Op) Point { p, _ := ProcedureOf(op); return p.Stays }

// Words are the words of a step in progress and plans.
func Words(op Op, id StepID) string {
	p, _ := ProcedureOf(op)
	s, _ := p.Step(id)
	return s.Words
}

const repairAndRetry = "repair what the step needs and retry, or abort"

// needed declares a step that later steps depend on.
func needed(id StepID, words, does, why string) StepDef {
	return StepDef{id, words, does, &Refusal{Why: why, Hint: repairAndRetry}}
}

// released declares a step that gives resources back.
func released(id StepID, words, does, abort string) StepDef {
	return StepDef{id, words, does, &Refusal{
		Why: "a resource that is not released still exists", Hint: "repair what prevents the release and retry, or abort: " + abort,
	}}
}

// skippable declares a step that nothing later depends on.
func skippable(id StepID, words, does string) StepDef { return StepDef{id, words, does, nil} }

// commands declares a step that only runs commands of the package.
func commands(id StepID, does string) StepDef {
	return StepDef{id, "", does, &Refusal{Why: "the steps that come next need it", Hint: repairAndRetry}}
}

// decides declares a step without effects of its own.
func decides(id StepID, does string) StepDef { return commands(id, does) }
