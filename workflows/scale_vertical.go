package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/activities/agents"
	"drover/activities/machines"
	"drover/activities/publish"
	"drover/activities/records"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// ScaleVertical changes cpu, memory or volume size of the nodes of one role and its replicas.
func ScaleVertical(ctx workflow.Context, raw converter.RawValue, before handover) (api.OperationResult, error) {
	var in api.ScaleVerticalInput
	op, err := open(ctx, api.ScaleVertical, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	op.receive(raw, before)
	return op.onCluster(records.BeginInput{DryRun: in.DryRun, Scale: &in}, func() error {
		if op.begun.Role != "" {
			in.Role = op.begun.Role
		}
		return op.scaleVertical(in.Role, lifecycle.Size{CPU: in.CPU, Memory: in.Memory, VolumeSize: in.VolumeSize})
	})
}

// scaleVertical is the procedure: SV1 to SV7.
func (op *operation) scaleVertical(roleName string, size lifecycle.Size) error {
	role, _ := op.view.Role(roleName) // that it exists was checked when the operation began
	s := &scaling{operation: op, role: role, size: size, roles: op.view.FamilyRoles(roleName), nodes: lifecycle.IDsOf(op.view.Family(roleName))}
	all := op.view.AgentIDs(nil)
	none := []string{}

	// SV1: set /vertical-scaling-roles. It is there before the first stop and until after the last start, and it goes
	// however the operation ends.
	op.onUndo("SV1", "delete /vertical-scaling-roles", func(ctx workflow.Context) error {
		return op.settle(ctx, "SV1", &publish.Change{VerticalScaling: &none}, all)
	})
	if err := op.step(api.PlanStep{ID: "SV1", Words: "register the role in /vertical-scaling-roles"}, len(all), op.barrier, func(ctx workflow.Context) error {
		if err := op.publish(ctx, &publish.Change{VerticalScaling: &s.roles}); err != nil {
			return err
		}
		return op.barrierOn(ctx, "SV1", all)
	}); err != nil {
		return err
	}

	// SV2: only the volume grows: online, in parallel, no commands. SV3: which branch?
	var err error
	switch {
	case !size.Resizes(role) && op.begun.GrowOnline: // no command runs
		err = op.step(api.PlanStep{ID: "SV2", Words: "grow the volumes online"}, len(s.nodes), 0, func(ctx workflow.Context) error {
			return s.grow(ctx, s.nodes)
		})
	case s.definesStop():
		err = s.stopped()
	default:
		err = s.othersStopped()
	}
	if err != nil {
		return err
	}

	// SV6: publish the new sizes and remove /vertical-scaling-roles, one revision.
	whole := &publish.Change{VerticalScaling: &none, Size: &publish.RoleSize{Role: roleName, Size: size}}
	if err := op.noReturn(); err != nil {
		return err
	}
	op.onUndo("SV6", "update the scaled nodes in metadata and delete /vertical-scaling-roles", func(ctx workflow.Context) error {
		return op.settle(ctx, "SV6", whole, all)
	})
	if err := op.step(api.PlanStep{ID: "SV6", Words: "update the scaled nodes in metadata and delete /vertical-scaling-roles"}, len(s.nodes), 0, func(ctx workflow.Context) error {
		return op.publish(ctx, whole)
	}); err != nil {
		return err
	}
	op.settled()

	// SV7: barrier.
	return op.step(api.PlanStep{ID: "SV7", Words: "all nodes update their configuration"}, len(all), op.barrier, func(ctx workflow.Context) error {
		return op.barrierOn(ctx, "SV7", all)
	})
}

// scaling is a ScaleVertical under way.
type scaling struct {
	*operation
	role  lifecycle.RoleView
	roles []string // the role and its replica role
	nodes []string // their nodes, by sid
	size  lifecycle.Size
}

// definesStop says whether the scaled nodes have a stop service, be its command empty.
func (s *scaling) definesStop() bool {
	return slices.ContainsFunc(s.view.Roles, func(r lifecycle.RoleView) bool {
		_, ok := r.Service(lifecycle.ServiceStop)
		return ok && !r.NoAgent && slices.Contains(s.roles, r.Name)
	})
}

// stopped is SV4: stop, resize, start, of all nodes at once or one after the other, as vertical_scaling_policy says.
func (s *scaling) stopped() error {
	among := lifecycle.Only(s.nodes)
	if !s.role.Sequential {
		return s.cycle("SV4", s.nodes, among)
	}
	order, err := s.order()
	if err != nil {
		return err
	}
	defer func() { s.turn = nil }()
	for _, node := range order {
		s.turn = lifecycle.Only([]string{node})
		if err := s.cycle("SV4", []string{node}, among); err != nil {
			return err
		}
		if err := s.turnOver(); err != nil {
			return err
		}
	}
	return nil
}

// order is by sid, or as a get_nodes_order service of the role prints it.
func (s *scaling) order() ([]string, error) {
	if asked, ok := s.role.Service(lifecycle.ServiceNodesOrder); !ok || !asked.HasCmd {
		return s.nodes, nil
	}
	order := s.nodes
	if s.handover.Order != nil { // an earlier run has asked
		order = s.handover.Order
	}
	err := s.step(api.PlanStep{ID: "SV4", Words: "ask for the order of nodes", Asks: lifecycle.ServiceNodesOrder}, 1, 0, func(ctx workflow.Context) error {
		named, err := s.ask(ctx, "SV4", s.role, lifecycle.ServiceNodesOrder, false, s.nodes)
		if err == nil && len(named) == 0 {
			s.progress.warn(api.Warning{Step: "SV4", Message: lifecycle.ServiceNodesOrder + " named no node of the role; they are taken by sid"})
		}
		order = lifecycle.Complete(named, s.nodes)
		s.handover.Order = order
		return err
	})
	return order, err
}

// othersStopped is SV5: the role has no stop service, so the services of the nodes that are not scaled are stopped.
func (s *scaling) othersStopped() error {
	return s.cycle("SV5", s.nodes, lifecycle.Except(s.nodes))
}

// cycle stops services, resizes machines, and starts the services again. If anything fails, the machines get the size
// they had, and the services run again.
func (s *scaling) cycle(id string, scaled []string, served lifecycle.Among) error {
	before, turn, touched := len(s.undo), s.turn, false
	s.onUndo(id, fmt.Sprintf("start again, nodes %s with the size they had", s.sids(scaled)), func(ctx workflow.Context) error {
		s.turn = turn
		var failed []error
		if touched {
			failed = s.resizeBack(ctx, id, scaled)
		}
		failed = append(failed, s.serveAgain(ctx, id, served))
		err := errors.Join(failed...)
		if err != nil {
			s.state = lifecycle.Stopped
		}
		return err
	})
	if err := s.stage(id, lifecycle.ServiceStop, nil, served); err != nil {
		return err
	}
	if err := s.step(api.PlanStep{ID: id, Words: "resize nodes " + s.sids(scaled)}, len(scaled), s.barrier, func(ctx workflow.Context) error {
		touched = true
		return s.resize(ctx, id, scaled)
	}); err != nil {
		return err
	}
	if err := s.stage(id, lifecycle.ServiceStart, nil, served); err != nil {
		return err
	}
	if !s.planning {
		s.undo = s.undo[:before] // these nodes run with their new size, and keep it
	}
	return nil
}

// resize switches machines off, gives them the size, grows their volumes, and boots them; agents apply the current
// revision before anything starts.
func (s *scaling) resize(ctx workflow.Context, id string, nodes []string) error {
	if err := s.power(ctx, false, nodes); err != nil {
		return err
	}
	if err := s.machines(ctx, "resize", activities.Resize, nodes, func(in machines.NodesInput) any {
		return machines.ResizeInput{NodesInput: in, Size: s.size}
	}); err != nil {
		return err
	}
	if s.size.Grows(s.role) {
		if err := s.grow(ctx, nodes); err != nil {
			return err
		}
	}
	if err := s.power(ctx, true, nodes); err != nil {
		return err
	}
	return s.startAgents(ctx, id, s.view.AgentIDs(lifecycle.Only(nodes)))
}

// resizeBack gives machines the size they had and boots them: with the size they have, if that cannot be. It goes on past
// what fails and returns what keeps the machines from running.
func (s *scaling) resizeBack(ctx workflow.Context, id string, nodes []string) []error {
	kept := s.power(ctx, false, nodes)
	if kept == nil {
		kept = s.machines(ctx, "give back the size", activities.Resize, nodes, func(in machines.NodesInput) any {
			return machines.ResizeInput{NodesInput: in, Back: true}
		})
	}
	if kept != nil {
		s.progress.warn(api.Warning{Step: id, Message: "the size before could not be given back: " + summary(kept)})
	}
	return []error{
		s.power(ctx, true, nodes),
		s.startAgents(ctx, id, s.view.AgentIDs(lifecycle.Only(nodes))),
	}
}

func (s *scaling) grow(ctx workflow.Context, nodes []string) error {
	return s.machines(ctx, "grow the volumes", activities.Grow, nodes, func(in machines.NodesInput) any {
		return machines.ResizeInput{NodesInput: in, Size: s.size}
	})
}

// sids names nodes for people.
func (s *scaling) sids(nodes []string) string {
	return lifecycle.SIDs(s.view.Refs(lifecycle.Only(nodes)))
}

// serveAgain starts services outside of any step, under ids of its own: the forward start may have run and failed.
func (op *operation) serveAgain(ctx workflow.Context, id string, among lifecycle.Among) error {
	stage := op.view.Stage(lifecycle.ServiceStart, lifecycle.Command, nil, among).Limit(op.turn)
	for _, group := range stage.Groups {
		if err := op.execute(ctx, id+"-undo", "start again", stage, group); err != nil {
			return err
		}
	}
	return nil
}

// ask runs a command that prints node ids.
func (op *operation) ask(ctx workflow.Context, id string, role lifecycle.RoleView, service string, selector bool, nodes []string) ([]string, error) {
	s, _ := role.Service(service)
	asked := id + " " + role.Name + " " + service // once a step
	var ids []string
	in := agents.AskInput{
		ClusterID: op.clusterID, Seq: op.view.Seq, Step: id, Role: role.Name, Service: service, Selector: selector, Nodes: nodes,
		Attempt: op.attempts[asked],
	}
	err := op.call(ctx, long(service+" names nodes", seconds(s.Timeout)), activities.AskNodes, in, &ids)
	op.endCommands(ctx, service, in.Command(), err)
	if err != nil && (faultOf(err).Type == fault.CommandFailed || faultOf(err).Type == fault.OutcomeUnknown) {
		op.failed.ended = append(op.failed.ended, asked) // to be asked again, it needs another id
	}
	return ids, err
}
