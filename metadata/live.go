package metadata

import (
	"encoding/json"
	"slices"

	"drover/lifecycle"
)

// LiveFolder is the folder, among the views, of what is known at this moment. No cluster has an id like that.
const LiveFolder = "live/"

// Live is what is known of a cluster at this moment, beside its view: the health of its nodes as their agents report it, and where
// its operation is. The worker that watches the installation writes it when something changes.
type Live struct {
	ClusterID string     `json:"cluster_id"`
	Nodes     []LiveNode `json:"nodes,omitempty"`
	Operation LiveStep   `json:"operation,omitzero"`
	// Brake is why nothing is done about bad nodes, since BrakeSince.
	Brake      string `json:"brake,omitempty"`
	BrakeSince string `json:"brake_since,omitempty"`
}

// LiveNode is the health of a node.
type LiveNode struct {
	NodeID string `json:"node_id"`
	Health string `json:"health"`
	// Since is RFC 3339, UTC, by the worker's clock.
	Since  string `json:"since,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Failing are the templates and reload commands that fail, since FailingSince.
	Failing      []string `json:"failing,omitempty"`
	FailingSince string   `json:"failing_since,omitempty"`
	// Tries are what healing has tried since the node was last well for long. Helpless: no permitted level is left.
	Tries    []lifecycle.Try `json:"tries,omitempty"`
	Helpless bool            `json:"helpless,omitempty"`
}

// LiveStep is where the operation of a run is.
type LiveStep struct {
	RunID string `json:"run_id,omitempty"`
	State string `json:"state,omitempty"` // running, held or undoing
	Step  string `json:"step,omitempty"`  // "AN4 init, order 0"
	Since string `json:"since,omitempty"`
}

// ViewHealth counts nodes by health.
type ViewHealth struct {
	Healthy   int `json:"healthy"`
	Unhealthy int `json:"unhealthy"`
	Unknown   int `json:"unknown"`
	Unchecked int `json:"unchecked"`
	Silent    int `json:"silent"`
	Off       int `json:"off"`
}

// DecodeLive reads a stored Live; one that cannot be read is empty.
func DecodeLive(clusterID string, value []byte) Live {
	var l Live
	if json.Unmarshal(value, &l) != nil {
		l = Live{}
	}
	l.ClusterID = clusterID
	return l
}

// Node is the health of a node; unknown when there is none yet.
func (l Live) Node(id string) LiveNode {
	if i := slices.IndexFunc(l.Nodes, func(n LiveNode) bool { return n.NodeID == id }); i >= 0 {
		return l.Nodes[i]
	}
	return LiveNode{NodeID: id, Health: lifecycle.HealthUnknown}
}

// Health counts the nodes; nil without nodes.
func (l Live) Health() *ViewHealth {
	if len(l.Nodes) == 0 {
		return nil
	}
	var h ViewHealth
	for _, n := range l.Nodes {
		switch n.Health {
		case lifecycle.Healthy:
			h.Healthy++
		case lifecycle.Unhealthy:
			h.Unhealthy++
		case lifecycle.Unchecked:
			h.Unchecked++
		case lifecycle.Gone:
			h.Silent++
		case lifecycle.Off:
			h.Off++
		default:
			h.Unknown++
		}
	}
	return &h
}

// With is the view with what is known at this moment. Slices of the view are not changed.
func (v View) With(l Live) View {
	v.Health = l.Health()
	if s := l.Operation; s.RunID != "" && s.RunID == v.Operation.RunID && v.Operation.State == lifecycle.OperationRunning {
		v.Operation.State, v.Operation.Step, v.Operation.Since = s.State, s.Step, s.Since
	}
	if len(v.Nodes) == 0 {
		return v
	}
	known := make(map[string]LiveNode, len(l.Nodes))
	for _, n := range l.Nodes {
		known[n.NodeID] = n
	}
	v.Nodes = slices.Clone(v.Nodes)
	for i := range v.Nodes {
		n := &v.Nodes[i]
		now := known[n.NodeID]
		n.Health, n.HealthSince, n.HealthReason, n.Failing = now.Health, now.Since, now.Reason, now.Failing
	}
	return v
}
