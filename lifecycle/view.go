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
	WithReplica      bool   `json:"with_replica,omitempty"` // backup and restore: on replicas too
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
				WithReplica: string(s.Extra["with_replica"]) == "true",
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
