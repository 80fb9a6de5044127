package lifecycle

// Step names what an operator may want to skip: a documented step that runs no command (Service ""), or one order group
// of a stage.
type Step struct {
	Operation Op
	ID        StepID
	Service   string
	Kind      Kind
}

// MaySkip says whether an operation may continue past a failed step as if it had succeeded, because an operator did its
// work by hand or accepts that it is missing; nil when it may. Not skippable are machines and metadata, which cannot be
// made by hand in a way Drover knows of; agents and configuration that later commands need; whatever protects data; and
// what is all there is to its operation.
func MaySkip(s Step) *Refusal {
	if s.Service != "" {
		return maySkipCommand(s)
	}
	p, _ := ProcedureOf(s.Operation)
	def, known := p.Step(s.ID)
	if !known {
		return &Refusal{Why: "the steps that come next need it", Hint: repairAndRetry}
	}
	return def.Skip
}

func maySkipCommand(s Step) *Refusal {
	switch {
	case s.Service == ServiceDestroy:
		return &Refusal{
			Why:  "destroy is the guard of the package's data",
			Hint: "abort, and repeat the operation with force if the data may be lost",
		}
	case s.Service == ServiceScaleIn:
		return &Refusal{
			Why:  "a failing scale_in always prevents the release of nodes: their data may exist nowhere else",
			Hint: repairAndRetry,
		}
	case s.Service == ServiceScaleOut && s.Kind == PreCheck:
		return &Refusal{
			Why:  "the package's check reports that the cluster cannot grow now, and nothing was created yet",
			Hint: repairAndRetry,
		}
	case s.Service == ServiceCustomMetadata:
		return &Refusal{
			Why:  "its output is registered in metadata, where other nodes wait for it",
			Hint: repairAndRetry,
		}
	case s.Service == ServiceBackup, s.Service == ServiceRestore, s.Service == ServiceVerify && s.Operation != OpRunService:
		return &Refusal{
			Why:  "data that the command did not handle would count as backed up or restored",
			Hint: repairAndRetry,
		}
	case s.Service == ServiceNodesOrder: // nodes are taken by sid then
		return nil
	case s.Operation == OpRunService:
		return &Refusal{
			Why:  "the service is the whole operation: skipping it would report as done what was not",
			Hint: repairAndRetry,
		}
	}
	return nil
}
