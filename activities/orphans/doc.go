// Package orphans works on what no operation owns: entries of the orphan ledger, resources that no record names, and keys
// of clusters that are gone. It changes nothing that a cluster uses and nothing of a cluster whose operation runs. The
// workflows behind `drover orphans`, and the one that retries releases, call it.
package orphans

import (
	"context"
	"time"

	"drover/activities/internal/access"
	"drover/activities/internal/attempt"
	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/metadata"
	"drover/providers"
)

// RecordStore reads control records.
type RecordStore interface {
	control.Reader
	// RecordIDs are the sorted ids of all clusters.
	RecordIDs(ctx context.Context) ([]string, error)
}

// TreeStore finds and removes what nodes could see of a cluster.
type TreeStore interface {
	// Remove removes what nodes see of a cluster without a control record.
	Remove(ctx context.Context, clusterID string) error
	// Clusters are the ids of those that nodes could see something of.
	Clusters(ctx context.Context) ([]string, error)
	// Look reads what is published, without judging it.
	Look(ctx context.Context, clusterID string) (metadata.Look, error)
}

// Activities work on orphans.
type Activities struct {
	Records       RecordStore
	Trees         TreeStore
	Ledger        ledger.Store
	Tokens        access.Tokens
	Attempt       attempt.Check
	Providers     providers.Set
	OperationRuns control.Running
	Now           func() time.Time
}
