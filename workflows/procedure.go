package workflows

import (
	"fmt"
	"slices"

	"drover/lifecycle"
	"drover/workflows/api"
)

// procedure is what an operation does, step by step: a pure function of what is known makes it, and the list is the plan.
// The walker runs it. Methods describe steps; those about one step mean the first one of the list, or the last where
// they say so, and nothing where the list is empty: a stage that no role defines has no steps.
type procedure []step

// step is one documented step, or one order group of a stage within it.
type step struct {
	id      lifecycle.StepID
	words   string
	skipped string   // why it does not apply; then it has no effects
	effects []effect // in order
	group   *group   // the order group of commands to run, in place of effects
	ask     *ask     // the command that prints node ids, in place of effects

	undo     []undoEntry // how to undo the step; registered before it begins
	instead  bool        // its undo entries replace all registered before: what was done so far stays
	scope    string      // undo entries of this scope are dropped once the step has succeeded
	begins   leaving     // what the cluster is if the operation ends after the step has begun
	ends     leaving     // the same after the step has succeeded
	force    bool        // a failure is a warning: the user continues past it
	hint     string      // for a command that fails here
	endsTurn bool        // nodes take turns and one turn ends here: the operation may continue in a new run
	warnings []api.Warning
}

// leaving is the state an operation leaves its cluster in.
type leaving struct {
	state lifecycle.State
	set   bool
}

// gone is the state of a cluster of which no record is left.
const gone lifecycle.State = ""

// group is one order group of a stage: its commands run on all nodes at the same time (S2), to the end on every node (S6).
type group struct {
	service string
	kind    lifecycle.Kind
	lifecycle.Group
	params map[string]string // by role: JSON argument of the command
	prints bool              // what the commands print is kept in the record
}

// ask is a command of a role that prints node ids. What comes after it is planned again with the answer.
type ask struct {
	role     string
	service  string
	selector bool     // the selector of the service, not its command
	event    string   // argument of get_nodes_order
	nodes    []string // the nodes the answer may name
	timeout  int      // seconds
	empty    string   // warning when the answer names none of them
}

// key identifies the question among the answers of an operation.
func (a ask) key() string { return a.role + " " + a.service }

// answers are the node ids that commands have printed so far, by key.
type answers map[string][]string

// steps joins parts of a procedure.
func steps(parts ...procedure) procedure { return slices.Concat(parts...) }

// do is a step made of effects, in order.
func do(id lifecycle.StepID, effects ...effect) procedure {
	return procedure{{id: id, effects: effects}}
}

// skip documents a step that does not apply.
func skip(id lifecycle.StepID, words, why string) procedure {
	return procedure{{id: id, words: words, skipped: why}}
}

// asking runs a command that prints node ids.
func asking(id lifecycle.StepID, words string, a ask) procedure {
	return procedure{{id: id, words: words, ask: &a}}
}

// commands is a stage as steps, one per order group.
func commands(id lifecycle.StepID, stage lifecycle.Stage) procedure {
	var p procedure
	for _, g := range stage.Groups {
		service := stage.Service
		if stage.Kind == lifecycle.PreCheck {
			service += " pre_check"
		}
		p = append(p, step{
			id: id, words: fmt.Sprintf("%s, order %d", service, g.Order), group: &group{service: stage.Service, kind: stage.Kind, Group: g},
		})
	}
	return p
}

func (p procedure) first(change func(*step)) procedure {
	if len(p) > 0 {
		change(&p[0])
	}
	return p
}

func (p procedure) last(change func(*step)) procedure {
	if len(p) > 0 {
		change(&p[len(p)-1])
	}
	return p
}

// about sets the step's words: "power off nodes 1-3".
func (p procedure) about(format string, args ...any) procedure {
	return p.first(func(s *step) { s.words = fmt.Sprintf(format, args...) })
}

// undo registers compensation before the step begins. Entries given first are undone last.
func (p procedure) undo(entries ...undoEntry) procedure {
	return p.first(func(s *step) { s.undo = append(entries, s.undo...) })
}

// undoneFirst registers compensation of the first step that runs before all others of that step.
func (p procedure) undoneFirst(entry undoEntry) procedure {
	return p.first(func(s *step) { s.undo = append(s.undo, entry) })
}

// staysFromHere keeps what was done before the step, and registers what must happen in place of undoing it.
func (p procedure) staysFromHere(entry undoEntry) procedure {
	return p.first(func(s *step) { s.undo, s.instead = append([]undoEntry{entry}, s.undo...), true })
}

// scoped drops the undo entries of all steps of the list once the last one has succeeded: what they did is complete.
func (p procedure) scoped(name string) procedure {
	for i := range p {
		for j := range p[i].undo {
			p[i].undo[j].scope = name
		}
	}
	return p.last(func(s *step) { s.scope = name })
}

// begins says what the cluster is from the beginning of the step on.
func (p procedure) begins(state lifecycle.State) procedure {
	return p.first(func(s *step) { s.begins = leaving{state, true} })
}

// ends says what the cluster is when the last step has succeeded.
func (p procedure) ends(state lifecycle.State) procedure {
	return p.last(func(s *step) { s.ends = leaving{state, true} })
}

// forced goes past every failure in the list, step by step, when the user forces.
func (p procedure) forced(force bool) procedure {
	for i := range p {
		p[i].force = force
	}
	return p
}

// hints says what to do about a command that fails in the list.
func (p procedure) hints(hint string) procedure {
	for i := range p {
		p[i].hint = hint
	}
	return p
}

// given hands each command its role's JSON argument.
func (p procedure) given(params map[string]string) procedure {
	for i := range p {
		p[i].group.params = params
	}
	return p
}

// printing keeps what the commands print.
func (p procedure) printing() procedure {
	for i := range p {
		p[i].group.prints = true
	}
	return p
}

// turn ends the turn of a node with the last step.
func (p procedure) turn() procedure {
	return p.last(func(s *step) { s.endsTurn = true })
}

// warns adds a warning that is shown before anything begins, also in a dry run.
func (p procedure) warns(id lifecycle.StepID, message string) procedure {
	return p.first(func(s *step) { s.warnings = append(s.warnings, api.Warning{Step: string(id), Message: message}) })
}

// planned completes the steps of an operation by what the catalogue declares: words, what may be skipped, and the points
// from which on nothing is undone.
func (p procedure) planned(op lifecycle.Op) []api.PlanStep {
	noReturn, stays := lifecycle.NoReturn(op), lifecycle.Stays(op)
	var out []api.PlanStep
	for i := range p {
		s := &p[i]
		if s.words == "" {
			s.words = lifecycle.Words(op, s.id)
		}
		plan := s.plan()
		if s.skipped == "" {
			plan.Skippable = lifecycle.MaySkip(s.named(op)) == nil
			if slices.Contains(noReturn.Steps, s.id) {
				plan.NoReturn, noReturn = noReturn.Why, lifecycle.Point{}
			}
			if slices.Contains(stays.Steps, s.id) {
				plan.Stays, stays = stays.Why, lifecycle.Point{}
			}
		}
		out = append(out, plan)
	}
	return out
}

// named is the step as the decisions of lifecycle know it.
func (s step) named(op lifecycle.Op) lifecycle.Step {
	out := lifecycle.Step{Operation: op, ID: s.id}
	switch {
	case s.group != nil:
		out.Service, out.Kind = s.group.service, s.group.kind
	case s.ask != nil:
		out.Service = s.ask.service
	}
	return out
}

// plan is the step as people see it.
func (s step) plan() api.PlanStep {
	out := api.PlanStep{ID: string(s.id), Words: s.words, Skipped: s.skipped}
	if s.ask != nil {
		out.Asks = s.ask.service
	}
	if s.group == nil {
		return out
	}
	kind := ""
	if s.group.kind != lifecycle.Command {
		kind = string(s.group.kind)
	}
	for _, run := range s.group.Runs {
		out.Commands = append(out.Commands, api.PlanCommand{
			Role: run.Role, Service: s.group.service, Kind: kind, Order: s.group.Order, SIDs: lifecycle.SIDs(run.Nodes),
			Nodes: len(run.Nodes), Cmd: run.Cmd, Timeout: run.Timeout,
		})
	}
	return out
}

// nodes is how many nodes the step is about, for people.
func (s step) nodes() int {
	switch {
	case s.group != nil:
		return len(s.group.NodeIDs())
	case s.ask != nil:
		return 1
	}
	for _, e := range s.effects {
		if n := e.nodes(); n > 0 {
			return n
		}
	}
	return 0
}
