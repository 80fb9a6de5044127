package agents

import (
	"context"
	"time"

	"drover/activities/internal/fanout"
	agentapi "drover/agent/api"
	"drover/lifecycle"
)

// SeenInput names a cluster whose nodes are asked.
type SeenInput struct {
	ClusterID string `json:"cluster_id"`
}

// seenWithin is how long one agent may take to answer.
const seenWithin = 3 * time.Second

// SeenRevision is the highest revision that a node of the cluster has applied; 0 when none answers. Consul may have been
// restored from a backup that is older than what nodes know: a revision that they have seen must not come again with another
// content.
func (a *Activities) SeenRevision(ctx context.Context, in SeenInput) (int64, error) {
	rec, _, err := a.Records.Record(ctx, in.ClusterID)
	if err != nil || rec.PoweredOff {
		return 0, err
	}
	var nodes []lifecycle.Node
	for _, n := range rec.Nodes {
		if n.SSH.Addr != "" && n.AgentOn == n.InstanceID {
			nodes = append(nodes, n)
		}
	}
	var seen int64
	for _, r := range fanout.Run(ctx, nodes, 0, func(ctx context.Context, n lifecycle.Node, _ fanout.Progress) (agentapi.Status, error) {
		ctx, stop := context.WithTimeout(ctx, seenWithin)
		defer stop()
		return a.Agents.Status(ctx, n)
	}) {
		if r.Err == nil {
			seen = max(seen, r.Value.Revision)
		}
	}
	return seen, nil
}
