package metadata

import (
	"slices"
	"strings"

	"drover/lifecycle"
)

// View is what may be shown of a cluster to every user: no value, command, key or token is in it. Workers write it beside the
// control record, in the same transaction, so that lists and pages are answered without a workflow and without access to
// records. Its JSON is that of workflows/api.ClusterView.
type View struct {
	ClusterID string            `json:"cluster_id"`
	Name      string            `json:"name"`
	App       string            `json:"app"`
	Version   string            `json:"version"`
	Target    string            `json:"target_version,omitempty"`
	Provider  string            `json:"provider"`
	State     string            `json:"state"`
	Reason    string            `json:"reason,omitempty"`
	Revision  int64             `json:"revision"`
	CreatedAt string            `json:"created_at"`
	NodeCount int               `json:"node_count"`
	Labels    map[string]string `json:"labels,omitempty"`
	Protected bool              `json:"protected,omitempty"`
	Keep      string            `json:"keep,omitempty"`
	Binned    *lifecycle.Binned `json:"binned,omitempty"`
	Off       bool              `json:"powered_off,omitempty"`
	// Maintenance is since when nothing is healed; Heal is the highest level of healing.
	Maintenance string                       `json:"maintenance,omitempty"`
	Heal        string                       `json:"heal,omitempty"`
	Health      *ViewHealth                  `json:"health,omitempty"`
	Operation   ViewOperation                `json:"operation"`
	Endpoints   []ViewEndpoint               `json:"endpoints,omitempty"`
	Nodes       []ViewNode                   `json:"nodes,omitempty"`
	Refuses     map[string]lifecycle.Refusal `json:"refuses,omitempty"`
}

// ViewOperation is the running or last operation. Step and Since come from Live.
type ViewOperation struct {
	Type      string   `json:"type"`
	State     string   `json:"state"`
	Seq       int      `json:"seq"`
	RunID     string   `json:"run_id"`
	StartedAt string   `json:"started_at"`
	Step      string   `json:"step,omitempty"`
	Since     string   `json:"since,omitempty"`
	Skipped   []string `json:"skipped,omitempty"`
}

// ViewEndpoint is a resolved port.
type ViewEndpoint struct {
	Name     string `json:"name"`
	Port     string `json:"port"`
	Protocol string `json:"protocol"`
}

// ViewNode is one node. Its health comes from Live.
type ViewNode struct {
	NodeID     string `json:"node_id"`
	InstanceID string `json:"instance_id"`
	Role       string `json:"role"`
	SID        int    `json:"sid"`
	IP         string `json:"ip"`
	CPU        int    `json:"cpu"`
	Memory     int    `json:"memory"`
	VolumeSize int    `json:"volume_size"`
	NoAgent    bool   `json:"no_agent,omitempty"`
	// Settles is after how many seconds a node that is well again is seen healthy.
	Settles int `json:"settles_sec,omitempty"`

	Health       string   `json:"health,omitempty"`
	HealthSince  string   `json:"health_since,omitempty"`
	HealthReason string   `json:"health_reason,omitempty"`
	Failing      []string `json:"failing,omitempty"`
}

// ViewOf makes the view of a record.
func ViewOf(rec *lifecycle.Record) View {
	var secrets []string
	if rec.Spec != nil {
		secrets = rec.Spec.Secrets
	}
	v := View{
		ClusterID: rec.ClusterID, Name: rec.Name, App: rec.AppID, Version: rec.VersionID, Provider: rec.Provider,
		State: string(rec.State), Reason: lifecycle.Redact(rec.Reason, secrets), Revision: rec.Revision, CreatedAt: rec.CreatedAt,
		NodeCount: len(rec.Nodes), Labels: rec.Labels, Protected: rec.Protected, Keep: rec.Keep, Binned: rec.Binned,
		Off: rec.PoweredOff, Maintenance: rec.Maintenance, Heal: rec.Heal,
		Endpoints: endpointsOf(rec), Refuses: lifecycle.Refuses(rec), Nodes: []ViewNode{},
		Operation: ViewOperation{
			Type: rec.Operation.Type, State: rec.Operation.State, Seq: rec.Operation.Seq, RunID: rec.Operation.RunID,
			StartedAt: rec.Operation.StartedAt,
		},
	}
	if rec.Target != nil {
		v.Target = rec.Target.VersionID
	}
	for _, s := range rec.Operation.Skipped {
		v.Operation.Skipped = append(v.Operation.Skipped, lifecycle.Redact(s, secrets))
	}
	agentless, settles := map[string]bool{}, map[string]int{}
	if rec.Spec != nil {
		for _, role := range rec.Spec.Roles {
			agentless[role.Name] = !role.AgentInstalled
			if h := role.HealthCheck; h != nil && h.Enable {
				settles[role.Name] = h.HealthyThreshold * (h.IntervalSec + 1)
			}
		}
	}
	for _, n := range rec.Nodes {
		v.Nodes = append(v.Nodes, ViewNode{
			NodeID: n.ID, InstanceID: n.InstanceID, Role: n.Role, SID: n.SID, IP: n.IP, CPU: n.CPU, Memory: n.Memory, VolumeSize: n.VolumeSize,
			NoAgent: agentless[n.Role], Settles: settles[n.Role],
		})
	}
	return v
}

// Without gives the view without what grows with the cluster, for one whose record leaves no room for more.
func (v View) Without() View {
	v.Nodes, v.Endpoints, v.Refuses, v.Operation.Skipped = nil, nil, nil, nil
	return v
}

// Served is an endpoint with the nodes that serve it.
type Served struct {
	ViewEndpoint
	Nodes []lifecycle.Node
}

// ServedOf are the cluster's endpoints by name. An endpoint whose port is a value of a role is served by that role's nodes, and
// every other one by all nodes.
func ServedOf(rec *lifecycle.Record) []Served {
	var out []Served
	for _, e := range endpointsOf(rec) {
		s, port := Served{ViewEndpoint: e}, rec.Spec.Endpoints[e.Name].Port
		of := ""
		for _, role := range rec.Spec.Roles {
			if role.Name != "" && strings.HasPrefix(port, role.Name+".env.") {
				of = role.Name
			}
		}
		for _, n := range rec.Nodes {
			if of == "" || n.Role == of {
				s.Nodes = append(s.Nodes, n)
			}
		}
		out = append(out, s)
	}
	return out
}

// endpointsOf are the cluster's resolved ports, by name.
func endpointsOf(rec *lifecycle.Record) []ViewEndpoint {
	if rec.Spec == nil || len(rec.Spec.Endpoints) == 0 {
		return nil
	}
	tree, err := Build(rec)
	if err != nil {
		return nil
	}
	var out []ViewEndpoint
	for name, e := range rec.Spec.Endpoints {
		out = append(out, ViewEndpoint{Name: name, Port: tree["self/cluster/endpoints/"+name+"/port"], Protocol: e.Protocol})
	}
	slices.SortFunc(out, func(x, y ViewEndpoint) int { return strings.Compare(x.Name, y.Name) })
	return out
}
