// Package publish changes control records and makes the result visible to nodes as a revision of the cluster's metadata,
// and removes it at the end. What the tree contains is built by package metadata; waiting until nodes have applied a
// revision is package agents. Workflows call it between the steps that change what nodes know of each other.
package publish

import (
	"context"
	"time"

	"drover/activities/internal/access"
	"drover/activities/internal/attempt"
	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/activities/internal/packages"
	"drover/metadata"
)

// TreeStore publishes what nodes see, all at once and once per revision and writer, which is the run that owns the cluster.
type TreeStore interface {
	control.Forgetter
	Publish(ctx context.Context, clusterID string, revision int64, writer string, tree metadata.Tree) error
	// Republish is Publish that also overwrites what others have written or deleted.
	Republish(ctx context.Context, clusterID string, revision int64, writer string, tree metadata.Tree) error
}

// Schedules are those of backups at the workflow engine. Removing one that does not exist succeeds.
type Schedules interface {
	Remove(ctx context.Context, clusterID string) error
}

// Activities publish revisions.
type Activities struct {
	Records control.Store
	Trees   TreeStore
	Apps    packages.Store
	Ledger  ledger.Writer
	Tokens  access.Tokens
	Attempt attempt.Check
	// Schedules go with their cluster; nil: there are none (tests).
	Schedules Schedules
	Now       func() time.Time
}
