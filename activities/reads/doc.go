// Package reads answers questions about clusters, providers and hosts, and changes nothing. Comparing what it has read is
// done by lifecycle. The workflows behind the CLI's reading verbs call it.
package reads

import (
	"context"
	"time"

	"drover/activities/internal/access"
	"drover/activities/internal/control"
	"drover/activities/internal/ledger"
	"drover/activities/internal/packages"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metadata"
	"drover/providers"
)

// RecordStore reads control records.
type RecordStore interface {
	access.Lister
	control.Reader
	// RecordIDs are the sorted ids of all clusters.
	RecordIDs(ctx context.Context) ([]string, error)
	// EachView reads what may be shown of some clusters, in this order, a few at a time.
	EachView(ctx context.Context, ids []string, f func(metadata.View) error) error
	// Holder is the id of the cluster that has a name, "" when none has it.
	Holder(ctx context.Context, name string) (string, error)
}

// LiveStore reads what is known of clusters at this moment.
type LiveStore interface {
	// Live is empty for a cluster of which nothing is known; Lives has what is known of all, by id.
	Live(ctx context.Context, clusterID string) (metadata.Live, error)
	Lives(ctx context.Context) (map[string]metadata.Live, error)
}

// BackupStore reads the catalogue of backups.
type BackupStore interface {
	Backups(ctx context.Context) ([]lifecycle.Backup, error)
}

// AppStore reads published packages.
type AppStore interface {
	packages.Store
	packages.Lister
}

// TreeStore reads what is published, without judging it.
type TreeStore interface {
	Look(ctx context.Context, clusterID string) (metadata.Look, error)
}

// Agents ask the agent on a node.
type Agents interface {
	Status(ctx context.Context, node lifecycle.Node) (agentapi.Status, error)
	// Preview renders the node's files with a change of keys and applies nothing.
	Preview(ctx context.Context, node lifecycle.Node, r agentapi.PreviewRequest) (agentapi.PreviewResult, error)
	// List and Output read the journal of a node, as agent/client has them.
	List(ctx context.Context, node lifecycle.Node, match string, limit int) (agentapi.CommandList, error)
	Output(ctx context.Context, node lifecycle.Node, id string, from int64, limit int) (agentapi.CommandOutput, error)
}

// Activities read.
type Activities struct {
	Records   RecordStore
	Lives     LiveStore
	Apps      AppStore
	Trees     TreeStore
	Ledger    ledger.Reader
	Backups   BackupStore
	Agents    Agents
	Tokens    access.Tokens
	Providers providers.Set
	// DefaultProvider is marked in the list of providers.
	DefaultProvider string
	OperationRuns   control.Running
	// Identity is the file of the key that this worker logs in to nodes with.
	Identity string
	Now      func() time.Time
}
