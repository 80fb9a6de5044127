package lifecycle

import (
	"fmt"
	"slices"
)

// Services the procedures name.
const (
	ServiceInit           = "init"
	ServiceStart          = "start"
	ServiceStop           = "stop"
	ServiceDestroy        = "destroy"
	ServiceRestart        = "restart"
	ServiceScaleOut       = "scale_out"
	ServiceScaleIn        = "scale_in"
	ServiceUpgrade        = "upgrade"
	ServiceNodesOrder     = "get_nodes_order"
	ServiceCustomMetadata = "custom_metadata"
	ServiceBackup         = "backup"
	ServiceRestore        = "restore"
	ServiceDeleteSnapshot = "delete_snapshot"
	ServiceVerify         = "verify" // custom: what it prints is compared between a cluster and its restored backup
)

// DefaultTimeout of a service in seconds (S5).
const DefaultTimeout = 600

// Kind says which of a service's two commands a stage runs.
type Kind string

const (
	Command  Kind = "cmd"
	PreCheck Kind = "pre_check" // S8
)

// Phase accepts the services of roles that take part in a phase (S9); nil accepts all.
type Phase func(ServiceView) bool

// The phases of S9: init and destroy run before or after start and stop, as each role's flag says.
var (
	BeforeStart Phase = func(s ServiceView) bool { return !s.PostStartService }
	AfterStart  Phase = func(s ServiceView) bool { return s.PostStartService }
	BeforeStop  Phase = func(s ServiceView) bool { return !s.PostStopService }
	AfterStop   Phase = func(s ServiceView) bool { return s.PostStopService }
)

// Stage is one service run over a set of nodes, as order groups that run one after the other (S1).
type Stage struct {
	Service string
	Kind    Kind
	Groups  []Group
}

// Group is the nodes of a stage with equal order: they run truly concurrently (S2).
type Group struct {
	Order int
	Runs  []Run
}

// Run is one role's part of a group.
type Run struct {
	Role    string
	Nodes   []NodeRef
	Timeout int    // seconds
	Cmd     string // dry runs only
}

// NodeIDs of all runs of the group.
func (g Group) NodeIDs() []string {
	var ids []string
	for _, r := range g.Runs {
		for _, n := range r.Nodes {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// Timeout is the longest of the group's runs, in seconds.
func (g Group) Timeout() int {
	longest := 0
	for _, r := range g.Runs {
		longest = max(longest, r.Timeout)
	}
	return longest
}

// Stage computes who runs a service and in which order groups.
//
//   - Roles that do not define the service, or whose service the phase refuses, are skipped (S3, S9).
//   - An empty command counts as success: it is left out, there is nothing to run (S3).
//   - among keeps the nodes a step is about (nil: all), before the first k of nodes_to_execute_on are chosen (S4).
func (v View) Stage(service string, kind Kind, phase Phase, among Among) Stage {
	stage := Stage{Service: service, Kind: kind}
	for _, role := range v.Roles {
		s, ok := role.Service(service)
		if !ok || role.NoAgent || (phase != nil && !phase(s)) {
			continue
		}
		cmd, has := s.Cmd, s.HasCmd
		if kind == PreCheck {
			cmd, has = s.PreCheckCmd, s.HasPreCheck
		}
		if !has {
			continue
		}
		nodes := v.chosen(role, s.NodesToExecuteOn, among)
		if len(nodes) == 0 {
			continue
		}
		stage.add(s.Order, Run{Role: role.Name, Nodes: nodes, Timeout: s.Timeout, Cmd: cmd})
	}
	slices.SortStableFunc(stage.Groups, func(a, b Group) int { return a.Order - b.Order })
	return stage
}

// Limit is the part of a stage that runs on the nodes keep accepts (nil: all of it). Who executes was decided before, over
// all nodes the operation is about (S4): one that takes its nodes one after the other takes its part of each turn.
func (s Stage) Limit(keep Among) Stage {
	if keep == nil {
		return s
	}
	out := Stage{Service: s.Service, Kind: s.Kind}
	for _, g := range s.Groups {
		if g = g.Limit(keep); len(g.Runs) > 0 {
			out.Groups = append(out.Groups, g)
		}
	}
	return out
}

// Limit is the part of a group that runs on the nodes keep accepts.
func (g Group) Limit(keep Among) Group {
	out := Group{Order: g.Order}
	for _, r := range g.Runs {
		var nodes []NodeRef
		for _, n := range r.Nodes {
			if keep(n) {
				nodes = append(nodes, n)
			}
		}
		if len(nodes) > 0 {
			r.Nodes = nodes
			out.Runs = append(out.Runs, r)
		}
	}
	return out
}

// Label is how people know a node: "etcd_node/1", and "node/1" where there are no roles.
func Label(role string, sid int) string {
	if role == "" {
		role = "node"
	}
	return fmt.Sprintf("%s/%d", role, sid)
}

// Label is the node's label.
func (n Node) Label() string { return Label(n.Role, n.SID) }

func (s *Stage) add(order int, run Run) {
	for i := range s.Groups {
		if s.Groups[i].Order == order {
			s.Groups[i].Runs = append(s.Groups[i].Runs, run)
			return
		}
	}
	s.Groups = append(s.Groups, Group{Order: order, Runs: []Run{run}})
}

// chosen are the role's nodes that execute: of the role and its replica role together, the first k by sid (S4).
func (v View) chosen(role RoleView, k int, among Among) []NodeRef {
	keep := func(n NodeRef) bool { return among == nil || among(n) }
	var own []NodeRef
	for _, n := range role.Nodes {
		if keep(n) {
			own = append(own, n)
		}
	}
	if k <= 0 {
		return own
	}
	var family []NodeRef
	for _, r := range v.Roles {
		if r.Master() == role.Master() {
			for _, n := range r.Nodes {
				if keep(n) {
					family = append(family, n)
				}
			}
		}
	}
	if len(family) <= k {
		return own
	}
	slices.SortFunc(family, func(a, b NodeRef) int { return a.SID - b.SID })
	last := family[k-1].SID
	return slices.DeleteFunc(own, func(n NodeRef) bool { return n.SID > last })
}
