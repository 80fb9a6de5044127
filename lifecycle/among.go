package lifecycle

import (
	"slices"

	"drover/specs"
)

// Among keeps the nodes a step is about; nil keeps all.
type Among func(NodeRef) bool

// Only keeps the named nodes; Except the others. Among a thousand nodes that take turns, searching a list would take
// seconds, and a workflow has one.
func Only(ids []string) Among {
	named := make(map[string]bool, len(ids))
	for _, id := range ids {
		named[id] = true
	}
	return func(n NodeRef) bool { return named[n.ID] }
}

// Except keeps the nodes that are not named.
func Except(ids []string) Among {
	named := Only(ids)
	return func(n NodeRef) bool { return !named(n) }
}

// NodeIDs are all nodes in the record's order: by role, then sid.
func (v View) NodeIDs() []string { return v.ids(nil, func(RoleView) bool { return true }) }

// AgentIDs are the nodes that have an agent, of those among keeps.
func (v View) AgentIDs(among Among) []string {
	return v.ids(among, func(r RoleView) bool { return !r.NoAgent })
}

func (v View) ids(among Among, keep func(RoleView) bool) []string {
	var ids []string
	for _, r := range v.Roles {
		for _, n := range r.Nodes {
			if keep(r) && (among == nil || among(n)) {
				ids = append(ids, n.ID)
			}
		}
	}
	return ids
}

// Role finds a role by name.
func (v View) Role(name string) (RoleView, bool) {
	for _, r := range v.Roles {
		if r.Name == name {
			return r, true
		}
	}
	return RoleView{}, false
}

// Family are the nodes of a role and its replicas, by sid.
func (v View) Family(master string) []NodeRef {
	var nodes []NodeRef
	for _, r := range v.Roles {
		if r.Master() == master {
			nodes = append(nodes, r.Nodes...)
		}
	}
	slices.SortFunc(nodes, func(a, b NodeRef) int { return a.SID - b.SID })
	return nodes
}

// concerned says whether a role has nodes among keeps (nil keeps all): a role without them has no say.
func (r RoleView) concerned(among Among) bool {
	return len(r.Nodes) > 0 && (among == nil || slices.ContainsFunc(r.Nodes, among))
}

// Defines says whether any role with nodes defines the service and keep accepts it (nil accepts all).
func (v View) Defines(service string, keep Phase) bool {
	for _, r := range v.Roles {
		if s, ok := r.Service(service); ok && !r.NoAgent && r.concerned(nil) && (keep == nil || keep(s)) {
			return true
		}
	}
	return false
}

// RoleSpec gives the specification of a service of a role, custom_metadata included.
func RoleSpec(c *specs.Cluster, role, service string) (specs.Service, bool) {
	r, ok := c.Role(role)
	if !ok {
		return specs.Service{}, false
	}
	if service == ServiceCustomMetadata {
		if r.CustomMetadata == nil {
			return specs.Service{}, false
		}
		return specs.Service{Name: service, Cmd: r.CustomMetadata.Cmd, Timeout: DefaultTimeout}, true
	}
	s, ok := r.Services[service]
	return s, ok
}

// FamilyRoles names a role and its replica role, as /vertical-scaling-roles does.
func (v View) FamilyRoles(master string) []string {
	var names []string
	for _, r := range v.Roles {
		if r.Master() == master {
			names = append(names, r.Name)
		}
	}
	return names
}

// Refs are the nodes among keeps, in the record's order.
func (v View) Refs(among Among) []NodeRef {
	var refs []NodeRef
	for _, r := range v.Roles {
		for _, n := range r.Nodes {
			if among == nil || among(n) {
				refs = append(refs, n)
			}
		}
	}
	return refs
}

// Among keeps the nodes of the roles that which accepts.
func (v View) Among(which func(RoleView) bool) Among {
	var ids []string
	for _, r := range v.Roles {
		if which(r) {
			ids = append(ids, IDsOf(r.Nodes)...)
		}
	}
	return Only(ids)
}

// UpgradeOrder is how a sequential upgrade takes nodes: by the order of their role's upgrade service, then by sid.
func (v View) UpgradeOrder() []string {
	type place struct {
		order int
		node  NodeRef
	}
	var places []place
	for _, r := range v.Roles {
		s, _ := r.Service(ServiceUpgrade)
		for _, n := range r.Nodes {
			places = append(places, place{s.Order, n})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		if a.order != b.order {
			return a.order - b.order
		}
		return a.node.SID - b.node.SID
	})
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.node.ID
	}
	return ids
}

// IDsOf are the ids of nodes, in their order.
func IDsOf(nodes []NodeRef) []string {
	ids := make([]string, len(nodes))
	for i, n := range nodes {
		ids[i] = n.ID
	}
	return ids
}

// Complete is named followed by what of all it left out.
func Complete(named, all []string) []string {
	out := Common(named, all)
	for _, id := range all {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Rearranged is order with the nodes of all, which stay at its places, as named says: Complete within a longer list.
func Rearranged(order, named, all []string) []string {
	part := Complete(named, Common(order, all))
	out := slices.Clone(order)
	for i, id := range out {
		if slices.Contains(all, id) {
			out[i], part = part[0], part[1:]
		}
	}
	return out
}

// Common are the ids of a that are in b, in the order of a.
func Common(a, b []string) []string {
	var out []string
	for _, id := range a {
		if slices.Contains(b, id) {
			out = append(out, id)
		}
	}
	return out
}

// Mixed is the cluster while some nodes run another version: a role with nodes on both appears twice, once with the
// services of each version, so that a stage runs on every node what its version defines, in one order.
func (v View) Mixed(target View, upgraded []string) View {
	on := Only(upgraded)
	keep := func(r RoleView, which Among) (RoleView, bool) {
		var nodes []NodeRef
		for _, n := range r.Nodes {
			if which(n) {
				nodes = append(nodes, n)
			}
		}
		r.Nodes = nodes
		return r, len(nodes) > 0
	}
	var roles []RoleView
	for _, r := range v.Roles {
		if old, some := keep(r, Except(upgraded)); some {
			roles = append(roles, old)
		}
		if next, ok := target.Role(r.Name); ok {
			if next, some := keep(next, on); some {
				roles = append(roles, next)
			}
		}
	}
	v.Roles = roles
	return v
}

// Difference are the ids of a that are not in b, in the order of a.
func Difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(id string) bool { return slices.Contains(b, id) })
}
