package activities

import (
	"context"
	"io/fs"
	"log/slog"
	"time"

	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/store"
	"drover/providers"
)

// RecordStore keeps control records; PutRecord compares and swaps (index 0: must not exist yet).
type RecordStore interface {
	Record(ctx context.Context, clusterID string) (*lifecycle.Record, uint64, error)
	PutRecord(ctx context.Context, rec *lifecycle.Record, index uint64) (uint64, error)
	DeleteRecord(ctx context.Context, clusterID string) error
	Records(ctx context.Context) ([]*lifecycle.Record, error)
}

// TreeStore publishes what nodes see, all at once and once per revision and writer.
type TreeStore interface {
	Publish(ctx context.Context, clusterID string, revision int64, writer string, tree metadata.Tree) error
	// Republish is Publish past what somebody else has written or deleted.
	Republish(ctx context.Context, clusterID string, revision int64, writer string, tree metadata.Tree) error
	// Revision is the published one, 0 when there is none.
	Revision(ctx context.Context, clusterID string) (int64, error)
	Remove(ctx context.Context, clusterID string) error
	// Clusters are the ids of those that nodes could see something of.
	Clusters(ctx context.Context) ([]string, error)
	// Disown takes a half-way publish away from a writer that is known to be over.
	Disown(ctx context.Context, clusterID, writer string) error
	// SetOperation tells agents which operation runs ("" none), so that health checks do not meddle.
	SetOperation(ctx context.Context, clusterID, operation string) error
	// Look reads what is there, as it is, without judging it.
	Look(ctx context.Context, clusterID string) (metadata.Look, error)
}

// OrphanStore keeps what could not be released, apart from every control record. Putting an entry replaces the one about
// the same resource; dropping one that is not there is fine.
type OrphanStore interface {
	Orphans(ctx context.Context) ([]lifecycle.Orphan, error)
	PutOrphans(ctx context.Context, orphans []lifecycle.Orphan) error
	DropOrphan(ctx context.Context, o lifecycle.Orphan) error
}

// AppStore keeps published application packages.
type AppStore interface {
	PutApp(ctx context.Context, app store.App) error
	App(ctx context.Context, appID, versionID string) (*store.App, error)
	Apps(ctx context.Context) ([]store.App, error)
}

// Agents reach the agent on a node. Run launches a command once under its id and waits for its end, however often it
// is called and whatever breaks in between; it never cancels by itself.
type Agents interface {
	Ensure(ctx context.Context, node lifecycle.Node, cfg agentapi.Config) error
	Sync(ctx context.Context, node lifecycle.Node, revision int64, timeout time.Duration) (agentapi.SyncResult, error)
	// Run runs a command once under its id. wanted is asked just before it is begun, and its error begins nothing.
	Run(ctx context.Context, node lifecycle.Node, id string, cmd agentapi.Command,
		wanted func(context.Context) error, progress func(agentapi.CommandStatus)) (agentapi.CommandStatus, error)
	Cancel(ctx context.Context, node lifecycle.Node, id string) (agentapi.CommandStatus, error)
	Status(ctx context.Context, node lifecycle.Node) (agentapi.Status, error)
	// Put writes a file on a node, whole or not at all.
	Put(ctx context.Context, node lifecycle.Node, path string, content []byte, mode fs.FileMode) error
}

// Server is Temporal's, as far as an activity asks it whether its attempt goes on; the SDK's client has it.
type Server interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

// Dependencies are what the worker wires in.
type Dependencies struct {
	Records RecordStore
	Trees   TreeStore
	Apps    AppStore
	Ledger  OrphanStore
	// Access gives out tokens; nil: nodes get none.
	Access AccessStore
	Agents Agents
	// Temporal is asked before commands begin; nil: they begin unasked (tests).
	Temporal  Server
	Providers map[string]providers.Provider
	// DefaultProvider is used when a request names none.
	DefaultProvider string
	// AuthorizedKey is the public half of the key Drover logs in to nodes with (authorized_keys line).
	AuthorizedKey string
	// NodeConsul is Consul's HTTP address as nodes reach it; KVPrefix is the root of Drover's keys in it.
	NodeConsul string
	KVPrefix   string
	// OperationRuns says whether an operation of a cluster is open at the workflow engine; nil: the record knows.
	OperationRuns func(ctx context.Context, clusterID string) (bool, error)
	Now           func() time.Time
	Logger        *slog.Logger
}

// Activities holds one value per subject; worker, tests and replayer register all of them (workflows.Register).
type Activities struct {
	*Records
	*Provisioning
	*Machines
	*Metadata
	*Nodes
	*Applications
	*Orphans
	*Doctor
}

// New makes the activities over their dependencies.
func New(d Dependencies) *Activities {
	return &Activities{
		Records:      &Records{d},
		Provisioning: &Provisioning{d},
		Machines:     &Machines{d},
		Metadata:     &Metadata{d},
		Nodes:        &Nodes{d},
		Applications: &Applications{d},
		Orphans:      &Orphans{d},
		Doctor:       &Doctor{d},
	}
}
