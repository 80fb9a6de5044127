package workflows

import (
	"fmt"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"drover/activities"
	"drover/lifecycle"
	"drover/workflows/api"
)

// ScaleVertical changes cpu, memory or volume size of the nodes of one role and its replicas.
func ScaleVertical(ctx workflow.Context, raw converter.RawValue) (api.OperationResult, error) {
	var in api.ScaleVerticalInput
	op, err := open(ctx, api.ScaleVertical, raw, &in)
	if err != nil {
		return api.OperationResult{}, wire(err)
	}
	op.barrier, op.strict = in.Barrier(), in.StrictConfig
	return op.onCluster(activities.BeginInput{DryRun: in.DryRun, Scale: &in}, func() error {
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
		return op.settle(ctx, "SV1", &activities.Change{VerticalScaling: &none, Size: s.reached()}, all)
	})
	if err := op.step(api.PlanStep{ID: "SV1", Words: "register the role in /vertical-scaling-roles"}, len(all), op.barrier, func(ctx workflow.Context) error {
		if err := op.publish(ctx, &activities.Change{VerticalScaling: &s.roles}); err != nil {
			return err
		}
		return op.barrierOn(ctx, "SV1", all)
	}); err != nil {
		return err
	}

	// SV2: only the volume grows: online, in parallel, no commands. SV3: which branch?
	var err error
	switch {
	case !size.Resizes(role) && op.begun.GrowOnline:
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
	whole := &activities.Change{VerticalScaling: &none, Size: &activities.RoleSize{Role: roleName, Size: size}}
	op.noReturn()
	op.onUndo("SV6", "update the scaled nodes in metadata and delete /vertical-scaling-roles", func(ctx workflow.Context) error {
		return op.settle(ctx, "SV6", whole, all)
	})
	if err := op.step(api.PlanStep{ID: "SV6", Words: "update the scaled nodes in metadata and delete /vertical-scaling-roles"}, len(s.nodes), 0, func(ctx workflow.Context) error {
		return op.publish(ctx, whole)
	}); err != nil {
		return err
	}

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
	done  []string // nodes that have the new size
}

// reached is the size of the nodes that got it, for the record of an operation that ends early; nil when none did.
func (s *scaling) reached() *activities.RoleSize {
	if len(s.done) == 0 {
		return nil
	}
	return &activities.RoleSize{Role: s.role.Name, Size: s.size, Nodes: s.done}
}

// definesStop says whether the scaled nodes have a stop service.
func (s *scaling) definesStop() bool {
	return len(s.view.Stage(lifecycle.ServiceStop, lifecycle.Command, nil, lifecycle.Only(s.nodes)).Groups) > 0
}

// stopped is SV4: stop, resize, start, of all nodes at once or one after the other, as vertical_scaling_policy says.
func (s *scaling) stopped() error {
	if !s.role.Sequential {
		return s.cycle(s.nodes, s.nodes)
	}
	order, err := s.order()
	if err != nil {
		return err
	}
	for _, node := range order {
		if err := s.cycle([]string{node}, []string{node}); err != nil {
			return err
		}
	}
	return nil
}

// order is by sid, or as a get_nodes_order service of the role prints it.
func (s *scaling) order() ([]string, error) {
	if _, ok := s.role.Service(lifecycle.ServiceNodesOrder); !ok {
		return s.nodes, nil
	}
	order := s.nodes
	err := s.step(api.PlanStep{ID: "SV4", Words: "ask for the order of nodes"}, 1, 0, func(ctx workflow.Context) error {
		named, err := s.ask(ctx, "SV4", s.role, lifecycle.ServiceNodesOrder, false, s.nodes)
		order = lifecycle.Complete(named, s.nodes)
		return err
	})
	return order, err
}

// othersStopped is SV5: the role has no stop service, so the services of the nodes that are not scaled are stopped.
func (s *scaling) othersStopped() error {
	return s.cycle(s.nodes, s.view.AgentIDs(lifecycle.Except(s.nodes)))
}

// cycle stops services on some nodes, resizes machines, and starts the services again. If anything fails, the machines
// get the size they had and the services run again.
func (s *scaling) cycle(scaled, served []string) error {
	id, among := "SV4", lifecycle.Only(served)
	if len(scaled) == 0 || len(served) == 0 || scaled[0] != served[0] {
		id = "SV5"
	}
	before := len(s.undo)
	touched := false
	s.onUndo(id, fmt.Sprintf("start %d nodes again with the size they had", len(scaled)), func(ctx workflow.Context) error {
		if touched {
			if err := s.resize(ctx, id, scaled, lifecycle.Size{}); err != nil {
				return err
			}
		}
		return s.serveAgain(ctx, id, among)
	})
	if err := s.stage(id, lifecycle.ServiceStop, nil, among); err != nil {
		return err
	}
	if err := s.step(api.PlanStep{ID: id, Words: "resize nodes " + lifecycle.SIDs(s.refs(scaled))}, len(scaled), s.barrier, func(ctx workflow.Context) error {
		touched = true
		return s.resize(ctx, id, scaled, s.size)
	}); err != nil {
		return err
	}
	if err := s.stage(id, lifecycle.ServiceStart, nil, among); err != nil {
		return err
	}
	if !s.planning {
		s.undo = s.undo[:before] // these nodes run with their new size, and keep it
		s.done = append(s.done, scaled...)
	}
	return nil
}

// resize switches machines off, gives them a size (zero: what they had), grows their volumes, and boots them; agents
// apply the current revision before anything starts.
func (s *scaling) resize(ctx workflow.Context, id string, nodes []string, size lifecycle.Size) error {
	if err := s.power(ctx, false, nodes); err != nil {
		return err
	}
	if err := s.machines(ctx, "resize", activities.Resize, nodes, func(in activities.NodesInput) any {
		return activities.ResizeInput{NodesInput: in, Size: size}
	}); err != nil {
		return err
	}
	if size.Grows(s.role) {
		if err := s.grow(ctx, nodes); err != nil {
			return err
		}
	}
	if err := s.power(ctx, true, nodes); err != nil {
		return err
	}
	return s.startAgents(ctx, id, s.view.AgentIDs(lifecycle.Only(nodes)))
}

func (s *scaling) grow(ctx workflow.Context, nodes []string) error {
	return s.machines(ctx, "grow the volumes", activities.Grow, nodes, func(in activities.NodesInput) any {
		return activities.ResizeInput{NodesInput: in, Size: s.size}
	})
}

func (s *scaling) refs(ids []string) []lifecycle.NodeRef {
	only := lifecycle.Only(ids)
	var refs []lifecycle.NodeRef
	for _, n := range s.view.Family(s.role.Name) {
		if only(n) {
			refs = append(refs, n)
		}
	}
	return refs
}

// serveAgain starts services outside of any step, under ids of its own: the forward start may have run and failed.
func (op *operation) serveAgain(ctx workflow.Context, id string, among lifecycle.Among) error {
	stage := op.view.Stage(lifecycle.ServiceStart, lifecycle.Command, nil, among)
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
	var ids []string
	err := op.call(ctx, long(service+" names nodes", seconds(s.Timeout)), activities.AskNodes, activities.AskInput{
		ClusterID: op.clusterID, Seq: op.view.Seq, Step: id, Role: role.Name, Service: service, Selector: selector, Nodes: nodes,
	}, &ids)
	return ids, err
}
