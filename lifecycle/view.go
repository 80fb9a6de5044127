package lifecycle

import (
	"encoding/json"
	"slices"
	"strings"

	"drover/specs"
)

// View is what a workflow needs to decide: roles, their services without command text, and the nodes as short
// references. It is small enough for history (about 35 bytes a node); the text of commands stays in the control record.
type View struct {
	ClusterID  string     `json:"cluster_id"`
	App        string     `json:"app"`
	Version    string     `json:"version"`
	State      State      `json:"state"`
	EverActive bool       `json:"ever_active"`
	Revision   int64      `json:"revision"`
	Seq        int        `json:"seq"` // number of the operation this view was made for
	PoweredOff bool       `json:"powered_off,omitempty"`
	Sequential bool       `json:"sequential,omitempty"` // upgrading_policy
	Roles      []RoleView `json:"roles"`
}

// RoleView is one role and its nodes, ordered by sid.
type RoleView struct {
	Name           string        `json:"role"`
	ReplicaOf      string        `json:"replica_of,omitempty"`
	Services       []ServiceView `json:"services,omitempty"` // ordered by name
	CustomMetadata *ServiceView  `json:"custom_metadata,omitempty"`
	Nodes          []NodeRef     `json:"nodes,omitempty"`
	// What the package lets operators do with the role (its advanced_actions, or the cluster's).
	ScaleHorizontal bool `json:"scale_horizontal,omitempty"`
	AddNodes        bool `json:"add_nodes,omitempty"`
	MinCount        int  `json:"min_count,omitempty"`
	// Current size of a node: cores, MiB, GiB.
	CPU        int  `json:"cpu"`
	Memory     int  `json:"memory"`
	VolumeSize int  `json:"volume_size,omitempty"`
	Sequential bool `json:"sequential,omitempty"` // vertical_scaling_policy
	// NoAgent roles (agent_installed: false) are machines alone: nothing is rendered or run on them.
	NoAgent bool `json:"no_agent,omitempty"`
	// KeepsRoot roles (user_access: true) keep their root disk over a stop of the cluster.
	KeepsRoot bool `json:"keeps_root,omitempty"`
}

// ServiceView is a service without its command text (Cmd and PreCheckCmd are filled for dry runs only, with secrets
// removed).
type ServiceView struct {
	Name             string `json:"name"`
	Order            int    `json:"order,omitempty"`
	NodesToExecuteOn int    `json:"nodes_to_execute_on,omitempty"`
	Timeout          int    `json:"timeout"` // seconds
	HasCmd           bool   `json:"has_cmd,omitempty"`
	HasPreCheck      bool   `json:"has_pre_check,omitempty"`
	HasSelector      bool   `json:"has_selector,omitempty"`
	PostStartService bool   `json:"post_start_service,omitempty"`
	PostStopService  bool   `json:"post_stop_service,omitempty"`
	AllowForce       bool   `json:"allow_force,omitempty"`
	Cmd              string `json:"cmd,omitempty"`
	PreCheckCmd      string `json:"pre_check_cmd,omitempty"`
	// Events are the operations get_nodes_order is asked for; none: all of them.
	Events []string `json:"events,omitempty"`
}

// Events of get_nodes_order, which its command gets as its argument.
const (
	EventUpgrade       = "upgrade"
	EventScaleVertical = "scale_vertical"
)

// NodesOrder is the role's get_nodes_order, when it has one for the event.
func (r RoleView) NodesOrder(event string) (ServiceView, bool) {
	s, ok := r.Service(ServiceNodesOrder)
	return s, ok && s.HasCmd && (len(s.Events) == 0 || slices.Contains(s.Events, event))
}

// eventsOf reads "event" of a service: a list, or one name.
func eventsOf(s specs.Service) []string {
	var list []string
	var one string
	switch raw := s.Extra["event"]; {
	case json.Unmarshal(raw, &list) == nil:
		return list
	case json.Unmarshal(raw, &one) == nil && one != "":
		return []string{one}
	}
	return nil
}

// NodeRef names a node.
type NodeRef struct {
	ID  string `json:"id"`
	SID int    `json:"sid"`
	// GID groups a master with its replicas. Procedures have no use for it, so it does not travel.
	GID int `json:"-"`
}

// ViewOf makes the view of a record. withCommands adds the commands' text for people, secrets removed.
func ViewOf(r *Record, withCommands bool) View {
	v := View{
		ClusterID: r.ClusterID, App: r.AppID, Version: r.VersionID, State: r.State, EverActive: r.EverActive,
		Revision: r.Revision, Seq: r.Operation.Seq, PoweredOff: r.PoweredOff,
		Sequential: r.Spec.UpgradingPolicy == Sequential,
	}
	text := func(string) string { return "" }
	if withCommands {
		text = func(s string) string { return Redact(s, r.Spec.Secrets) }
	}
	for _, role := range r.Spec.Roles {
		rv := RoleView{
			Name: role.Name, ReplicaOf: role.ReplicaOf, NoAgent: !role.AgentInstalled, KeepsRoot: role.UserAccess,
			ScaleHorizontal: permits(r.Spec, role, "scale_horizontal"), AddNodes: permits(r.Spec, role, "add_nodes"),
			MinCount: role.MinCount, CPU: role.CPU, Memory: role.Memory, Sequential: role.VerticalScalingPolicy == Sequential,
		}
		if role.Volume != nil {
			rv.VolumeSize = role.Volume.Size
		}
		for _, s := range role.Services {
			rv.Services = append(rv.Services, ServiceView{
				Name: s.Name, Order: s.Order, NodesToExecuteOn: s.NodesToExecuteOn, Timeout: s.Timeout,
				HasCmd: s.Cmd != "", HasPreCheck: s.PreCheck != "", HasSelector: s.Selector != "",
				PostStartService: s.PostStartService, PostStopService: s.PostStopService, AllowForce: s.AllowForce,
				Cmd: text(s.Cmd), PreCheckCmd: text(s.PreCheck), Events: eventsOf(s),
			})
		}
		slices.SortFunc(rv.Services, func(a, b ServiceView) int { return strings.Compare(a.Name, b.Name) })
		if cm := role.CustomMetadata; cm != nil && cm.Cmd != "" {
			rv.CustomMetadata = &ServiceView{
				Name: ServiceCustomMetadata, Timeout: DefaultTimeout, HasCmd: true, Cmd: text(cm.Cmd),
			}
		}
		for _, n := range r.Nodes {
			if n.Role == role.Name {
				rv.Nodes = append(rv.Nodes, NodeRef{ID: n.ID, SID: n.SID, GID: n.GID})
			}
		}
		slices.SortFunc(rv.Nodes, func(a, b NodeRef) int { return a.SID - b.SID })
		v.Roles = append(v.Roles, rv)
	}
	return v
}

// TargetViewOf makes the view of the version that an upgrade of the record leads to; nil when there is none.
func TargetViewOf(r *Record, withCommands bool) *View {
	if r.Target == nil {
		return nil
	}
	next := *r
	next.VersionID, next.Spec = r.Target.VersionID, r.Target.Spec
	v := ViewOf(&next, withCommands)
	return &v
}

// Sequential is the value of upgrading_policy and vertical_scaling_policy that takes one node after the other.
const Sequential = "sequential"

// permits says whether an advanced action is listed: a role's own list, even empty, overrides the cluster's.
func permits(c *specs.Cluster, role specs.Role, action string) bool {
	list := c.AdvancedActions
	if role.AdvancedActions != nil {
		list = role.AdvancedActions
	}
	return slices.Contains(list, action)
}

// Redact replaces every secret in s. Longer secrets go first, so that one containing another leaves nothing behind.
func Redact(s string, secrets []string) string {
	sorted := slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) })
	for _, secret := range sorted {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "******")
		}
	}
	return s
}

// Master is the role whose node counter this role shares.
func (r RoleView) Master() string {
	if r.ReplicaOf != "" {
		return r.ReplicaOf
	}
	return r.Name
}

// Service finds a defined service; custom_metadata is addressed by its own name.
func (r RoleView) Service(name string) (ServiceView, bool) {
	if name == ServiceCustomMetadata {
		if r.CustomMetadata == nil {
			return ServiceView{}, false
		}
		return *r.CustomMetadata, true
	}
	for _, s := range r.Services {
		if s.Name == name {
			return s, true
		}
	}
	return ServiceView{}, false
}

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
