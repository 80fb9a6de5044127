package records

import (
	"slices"

	"drover/activities/internal/ids"
	"drover/fault"
	"drover/lifecycle"
	"drover/workflows/api"
)

// beginStart chooses new machines for the nodes that lost their root disk when the cluster was powered off, and for no
// other: an upgrade that failed may have left a choice.
func beginStart(rec *lifecycle.Record) {
	fresh := func(n lifecycle.Node) bool { return rec.PoweredOff && losesRoot(rec, n) }
	for i := range rec.Nodes {
		if n := &rec.Nodes[i]; !fresh(*n) && n.NextInstanceID != "" {
			rec.Choose(n, "")
		}
	}
	chooseInstances(rec, fresh)
}

// beginRepair refuses nodes that are not of the cluster, and chooses the machines that replace theirs.
func beginRepair(rec *lifecycle.Record, in api.RepairClusterInput) error {
	if err := ofCluster(rec, in.Nodes); err != nil {
		return err
	}
	if in.Replace {
		chooseInstances(rec, func(n lifecycle.Node) bool { return slices.Contains(in.Nodes, n.ID) })
	}
	return nil
}

// ofCluster refuses nodes that are not of the cluster.
func ofCluster(rec *lifecycle.Record, nodes []string) error {
	for _, id := range nodes {
		if _, ok := rec.Node(id); !ok {
			return fault.New(fault.NotFound, "cluster %s has no node %s", rec.ClusterID, id).At(rec.ClusterID, id, "").
				WithHint("drover nodes %s lists them", rec.ClusterID)
		}
	}
	return nil
}

// chooseInstances picks the ids of the machines that will replace those of some nodes.
func chooseInstances(rec *lifecycle.Record, which func(lifecycle.Node) bool) {
	for i := range rec.Nodes {
		if n := &rec.Nodes[i]; n.NextInstanceID == "" && which(*n) {
			rec.Choose(n, ids.Random{}.Instance())
		}
	}
}

// losesRoot reports whether a node's root disk does not outlive a stop of the cluster.
func losesRoot(rec *lifecycle.Record, n lifecycle.Node) bool {
	role, ok := rec.Spec.Role(n.Role)
	return ok && !role.UserAccess
}
