// Package ledger reads and fills the orphan ledger: resources that could not be released, kept apart from every control
// record. It releases nothing (package release does) and reports no errors of its own. The subjects of activities call it.
package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"drover/activities/internal/bounds"
	"drover/lifecycle"
)

// Reader reads the ledger.
type Reader interface {
	Orphans(ctx context.Context) ([]lifecycle.Orphan, error)
}

// Writer also fills it. Putting an entry replaces the one about the same resource.
type Writer interface {
	Reader
	PutOrphans(ctx context.Context, orphans []lifecycle.Orphan) error
}

// Store also drops entries; dropping one that is not there succeeds.
type Store interface {
	Writer
	DropOrphan(ctx context.Context, o lifecycle.Orphan) error
}

// Of are the entries of one cluster.
func Of(all []lifecycle.Orphan, clusterID string) []lifecycle.Orphan {
	return slices.DeleteFunc(slices.Clone(all), func(o lifecycle.Orphan) bool { return o.ClusterID != clusterID })
}

// OfCluster reads the entries of one cluster.
func OfCluster(ctx context.Context, r Reader, clusterID string) ([]lifecycle.Orphan, error) {
	all, err := r.Orphans(ctx)
	return Of(all, clusterID), err
}

// OfNode are all resources of a node, as entries.
func OfNode(rec *lifecycle.Record, n lifecycle.Node, reason string) []lifecycle.Orphan {
	var out []lifecycle.Orphan
	for _, r := range lifecycle.NodeResources(n) {
		out = append(out, lifecycle.Orphan{
			ClusterID: rec.ClusterID, NodeID: n.ID, Provider: rec.Provider, Kind: r.Kind, ID: r.ID, Why: rec.Operation.Type, Reason: reason,
		})
	}
	return out
}

// Keep records what could not be released and returns it in words. An entry that the ledger has already keeps its age.
func Keep(ctx context.Context, w Writer, orphans []lifecycle.Orphan, now time.Time) ([]string, error) {
	if len(orphans) == 0 {
		return nil, nil
	}
	all, err := w.Orphans(ctx)
	if err != nil {
		return nil, err
	}
	return Words(orphans), w.PutOrphans(ctx, lifecycle.Merge(all, orphans, Stamp(now)))
}

// Stamp is how the ledger writes a time: RFC 3339, UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// MaxNamed is how many resources a result or an error names with their reasons; the ledger has them all.
const MaxNamed = 15

// ReasonLimit bounds one reason among many, in bytes of JSON.
const ReasonLimit = bounds.WarningLimit / 2

// Words describes entries to people, the first MaxNamed of them.
func Words(orphans []lifecycle.Orphan) []string {
	var out []string
	for _, o := range orphans[:min(len(orphans), MaxNamed)] {
		o.Reason = bounds.Head(o.Reason, ReasonLimit)
		out = append(out, o.String())
	}
	if more := len(orphans) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more: drover orphans", more))
	}
	return out
}
