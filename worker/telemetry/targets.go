package telemetry

import (
	"net"
	"strconv"

	"drover/lifecycle"
)

// Target is an entry of Prometheus's http_sd: one node, with the labels that its metrics get.
type Target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// Targets are the nodes of a cluster, whose agents serve metrics on the port; 0: they do not. Nodes without a machine or
// an agent, and those of clusters whose machines are off, are left out: Prometheus would report them as down.
func Targets(rec *lifecycle.Record, port int) []Target {
	var out []Target
	if port == 0 || rec.PoweredOff || rec.State == lifecycle.Unreadable {
		return nil
	}
	for _, n := range rec.Nodes {
		if n.IP == "" || n.AgentOn == "" || n.AgentOn != n.InstanceID {
			continue
		}
		out = append(out, Target{
			Targets: []string{net.JoinHostPort(n.IP, strconv.Itoa(port))},
			Labels: map[string]string{
				"cluster": rec.ClusterID, "cluster_name": rec.Name, "app": rec.AppID, "app_version": rec.On(n).VersionID,
				"role": n.Role, "node": n.ID, "node_label": n.Label(), "provider": rec.Provider,
			},
		})
	}
	return out
}
