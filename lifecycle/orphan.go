package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
)

// Kinds of resources a provider may fail to release.
const (
	KindInstance = "instance"
	KindVolume   = "volume"
	KindNetwork  = "network"
	KindSnapshot = "snapshot" // of a volume, while a backup is made of it
	// KindCluster is whatever the provider lists under the cluster's tag: the provider could not be queried for details.
	KindCluster = "cluster"
	// KindUnreadable is an entry of the ledger of which nothing is known but its key, which is its ID. Nothing is released.
	KindUnreadable = "unreadable"
)

// Orphan is a resource that could not be released, as the orphan ledger keeps it until the provider says that it is gone.
type Orphan struct {
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id,omitempty"`
	Provider  string `json:"provider"`
	Kind      string `json:"kind"`
	ID        string `json:"id"` // of a network its vxnet, of KindCluster the cluster's id
	// Why says what released it: "DeleteCluster".
	Why string `json:"why"`
	// Since and LastTry are RFC 3339, UTC; Attempts counts the tries that failed, Reason is what the last one said.
	Since    string `json:"since"`
	LastTry  string `json:"last_try"`
	Attempts int    `json:"attempts"`
	Reason   string `json:"reason"`
}

// Same says whether two entries are about one resource.
func (o Orphan) Same(p Orphan) bool {
	return o.ClusterID == p.ClusterID && o.Provider == p.Provider && o.Kind == p.Kind && o.ID == p.ID
}

// String is how people read an entry: "local instance i-abc: the hypervisor is away".
func (o Orphan) String() string {
	return fmt.Sprintf("%s %s %s: %s", o.Provider, o.Kind, o.ID, o.Reason)
}

// Failed is the entry after one more try that failed.
func (o Orphan) Failed(now, reason string) Orphan {
	if o.Since == "" {
		o.Since = now
	}
	o.Attempts++
	o.LastTry, o.Reason = now, reason
	return o
}

// Merge returns the ledger entries of found; entries that exist already keep their time and their number of attempts.
func Merge(ledger, found []Orphan, now string) []Orphan {
	var out []Orphan
	for _, o := range found {
		if slices.ContainsFunc(out, o.Same) {
			continue
		}
		if i := slices.IndexFunc(ledger, o.Same); i >= 0 {
			o.Since, o.Attempts = ledger[i].Since, ledger[i].Attempts
		}
		out = append(out, o.Failed(now, o.Reason))
	}
	return out
}

// Claim is what a control record has to say about an entry of the ledger.
type Claim string

const (
	Unclaimed Claim = "unclaimed" // the resource is unused: it may be released
	InDoubt   Claim = "in doubt"  // an operation runs on its cluster: leave it alone for now
	Claimed   Claim = "claimed"   // the cluster uses it: it is not an orphan
)

// ClaimOf says whether a cluster still needs what the ledger holds. rec is nil when there is no record of the cluster.
func ClaimOf(rec *Record, o Orphan) Claim {
	switch {
	case rec == nil:
		return Unclaimed
	case rec.Operation.State == running:
		return InDoubt
	case rec.State == Deleting:
		return Unclaimed
	case o.Kind == KindNetwork || o.Kind == KindCluster:
		return Claimed
	}
	for _, n := range rec.Nodes {
		if slices.Contains(NodeResources(n), ResourceID{o.Kind, o.ID}) && !slices.Contains(rec.Releasing, n.ID) {
			return Claimed
		}
	}
	return Unclaimed
}

// Names says whether a record of a cluster with a specification names a resource: one of a node's, or any network.
func (r *Record) Names(o Orphan) bool {
	return r.Spec != nil && o.Kind == KindNetwork || slices.ContainsFunc(r.Nodes, func(n Node) bool {
		return slices.Contains(NodeResources(n), ResourceID{o.Kind, o.ID})
	})
}

// running is Operation.State while an operation runs.
const running = "running"

// ResourceID names a resource of a node.
type ResourceID struct{ Kind, ID string }

// NodeResources are all resources a node has, or has been promised.
func NodeResources(n Node) []ResourceID {
	var out []ResourceID
	for _, id := range []string{n.InstanceID, n.NextInstanceID} {
		if id != "" {
			out = append(out, ResourceID{KindInstance, id})
		}
	}
	for _, id := range n.VolumeIDs {
		out = append(out, ResourceID{KindVolume, id})
	}
	return out
}

// ReleaseOrder are the kinds that can be released: a volume is in use until its instance is gone, a network until everything else is.
var ReleaseOrder = []string{KindCluster, KindSnapshot, KindInstance, KindVolume, KindNetwork}

// InReleaseOrder groups entries by kind, in the order in which they can be released.
func InReleaseOrder(orphans []Orphan) [][]Orphan {
	var groups [][]Orphan
	for _, kind := range ReleaseOrder {
		var group []Orphan
		for _, o := range orphans {
			if o.Kind == kind {
				group = append(group, o)
			}
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// SortOrphans orders entries for people: by cluster, then age.
func SortOrphans(orphans []Orphan) {
	slices.SortFunc(orphans, func(a, b Orphan) int {
		return cmp.Or(cmp.Compare(a.ClusterID, b.ClusterID), cmp.Compare(a.Since, b.Since),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
}
