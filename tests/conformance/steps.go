package conformance

import "drover/lifecycle"

//go:generate go run ./table -write

// Procedure is one documented procedure.
type Procedure struct {
	Name  string
	Steps []Step
}

// Step is one step of a procedure, by the id that code, tests and progress output use.
type Step struct {
	ID    string
	Words string
}

// Procedures are all steps there are; every one needs a test (conformance/table).
var Procedures = append([]Procedure{
	{"Stages", []Step{
		{"S1", "order groups of a stage run one after the other, the lowest order first"},
		{"S2", "all nodes of a group run at the same time"},
		{"S3", "roles without the service are left out; an empty command is a success"},
		{"S4", "nodes_to_execute_on takes the first nodes by sid, replicas counted with their masters"},
		{"S5", "a command that exceeds its timeout is ended and has failed"},
		{"S6", "a failure lets its group run to the end, starts no further group, and is told in full"},
		{"S7", "commands run as written, as root in /, and end with their shell; parameters are one argument"},
		{"S8", "pre_check is a stage of its own, before the service"},
		{"S9", "roles that differ in post_start_service or post_stop_service go through phases together"},
	}},
	{"Barriers", []Step{
		{"B1", "a change is seen whole or not at all"},
		{"B2", "waiting ends when every file is rendered and every reload command has ended"},
		{"B3", "a failing template or reload is a warning, with strict_config a failure"},
		{"B4", "a node that does not answer in time fails the operation by name"},
	}},
}, declared()...)

// declared are the steps of every operation.
func declared() []Procedure {
	var out []Procedure
	for _, p := range lifecycle.Catalogue {
		declared := Procedure{Name: p.Op}
		for _, s := range p.Steps {
			declared.Steps = append(declared.Steps, Step{string(s.ID), s.Does})
		}
		out = append(out, declared)
	}
	return out
}
