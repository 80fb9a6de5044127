// Package records opens and closes operations in control records: it checks requests against what a cluster is, chooses
// ids, and writes down how operations end. It asks agents and providers what would make an operation fail, changes no node and
// no machine, and publishes nothing to nodes; which operation may follow which is decided by lifecycle. Workflows call it at the start
// and at the end of every operation.
package records

import (
	"context"
	"time"

	"drover/activities/internal/access"
	"drover/activities/internal/attempt"
	"drover/activities/internal/catalogue"
	"drover/activities/internal/control"
	"drover/activities/internal/fanout"
	"drover/activities/internal/ledger"
	"drover/activities/internal/packages"
	"drover/activities/internal/views"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
)

// RecordStore keeps control records.
type RecordStore interface {
	control.Store
	access.Lister
	// Holder is the id of the cluster that has a name, "" when none has it.
	Holder(ctx context.Context, name string) (string, error)
	// Linking are the records of the clusters that link to a cluster, and perhaps of some that did.
	Linking(ctx context.Context, clusterID string) ([]*lifecycle.Record, error)
	views.Reader
}

// TreeStore is what the start and the end of an operation change of the published metadata.
type TreeStore interface {
	control.Forgetter
	// Revision is the published one, 0 when there is none.
	Revision(ctx context.Context, clusterID string) (int64, error)
	// Disown takes an unfinished publish away from every run but this one, which owns the cluster.
	Disown(ctx context.Context, clusterID, run string) error
	// SetOperation shows agents which operation runs, or else the mark of the cluster's state ("": it is active), so that
	// health checks do not interfere. Only the run that
	// owns the cluster may.
	SetOperation(ctx context.Context, clusterID, run, operation string) error
}

// Agents ask the agent on a node.
type Agents interface {
	Status(ctx context.Context, node lifecycle.Node) (agentapi.Status, error)
}

// LiveStore reads what is known of a cluster at this moment.
type LiveStore interface {
	Live(ctx context.Context, clusterID string) (metadata.Live, error)
}

// AppStore reads published packages.
type AppStore interface {
	packages.Store
	packages.Lister
}

// Activities open and close operations.
type Activities struct {
	Records   RecordStore
	Lives     LiveStore
	Agents    Agents
	Trees     TreeStore
	Apps      AppStore
	Ledger    ledger.Reader
	Tokens    access.Tokens
	Attempt   attempt.Check
	Providers providers.Set
	Catalogue catalogue.Catalogue
	// DefaultProvider makes the machines of clusters whose request names no provider.
	DefaultProvider string
	// Keep is how long deleted clusters stay in the recycle bin that say nothing themselves; 0: not at all.
	Keep time.Duration
	Now  func() time.Time
}

// mark shows agents which operation runs, or how the cluster is. An attempt that was held up beyond the end of the operation would
// show it as running: agents would check no health until the next one.
func (a *Activities) mark(ctx context.Context, clusterID, run, what string) error {
	if err := a.Attempt.StillCurrent(ctx, fanout.None()); err != nil {
		return err
	}
	return a.Trees.SetOperation(ctx, clusterID, run, what)
}
