package activities

import (
	"context"
	"log/slog"
	"time"

	"drover/activities/agents"
	"drover/activities/apps"
	"drover/activities/backups"
	"drover/activities/internal/access"
	"drover/activities/internal/attempt"
	"drover/activities/internal/catalogue"
	"drover/activities/internal/ids"
	"drover/activities/internal/ledger"
	"drover/activities/machines"
	"drover/activities/orphans"
	"drover/activities/publish"
	"drover/activities/reads"
	"drover/activities/records"
	"drover/backup/target"
	"drover/providers"
)

// RecordStore is what all subjects together ask of the store of control records.
type RecordStore interface {
	records.RecordStore
	orphans.RecordStore
	reads.RecordStore
	reads.LiveStore
}

// TreeStore is what all subjects together ask of the store of published metadata.
type TreeStore interface {
	records.TreeStore
	publish.TreeStore
	orphans.TreeStore
	reads.TreeStore
}

// AppStore keeps published packages.
type AppStore interface{ apps.Store }

// BackupStore keeps the catalogue of backups.
type BackupStore interface{ catalogue.Store }

// OrphanStore keeps the orphan ledger.
type OrphanStore interface{ ledger.Store }

// Agents reach the agent on a node.
type Agents interface {
	agents.Client
	reads.Agents
}

// Dependencies are what the worker wires in.
type Dependencies struct {
	Records RecordStore
	Trees   TreeStore
	Apps    AppStore
	Ledger  OrphanStore
	// Access gives out tokens; nil: nodes get none.
	Access access.Store
	Agents Agents
	// Temporal is asked before commands begin; nil: they begin without asking (tests).
	Temporal attempt.Server
	// Schedules are those of backups, which go with their cluster; nil: there are none (tests).
	Schedules publish.Schedules
	Providers providers.Set
	// Backups is the catalogue of backups, BackupTargets where their data is, DefaultBackupTarget the target of requests that
	// name none, Folders reads and writes folders of nodes.
	Backups             BackupStore
	BackupTargets       map[string]target.Target
	DefaultBackupTarget string
	Folders             backups.Nodes
	// DefaultProvider is used when a request names none.
	DefaultProvider string
	// Keep is how long deleted clusters stay in the recycle bin that say nothing themselves; 0: not at all.
	Keep     time.Duration
	KeyPairs machines.KeyPairs
	// AuthorizedKey is the public half of the key that Drover logs in to nodes with (authorized_keys line).
	AuthorizedKey string
	// Identity is the file of its private half on this worker.
	Identity string
	// NodeConsul is Consul's HTTP address as nodes reach it; KVPrefix is the root of Drover's keys in it.
	NodeConsul string
	KVPrefix   string
	// MetricsPort is the port of the metrics of nodes, at their own address; 0: they serve none.
	MetricsPort int
	// OperationRuns reports whether an operation of a cluster is open at the workflow engine; nil: the record decides.
	OperationRuns func(ctx context.Context, clusterID string) (bool, error)
	Now           func() time.Time
	Logger        *slog.Logger
}

func (d Dependencies) tokens() access.Tokens {
	return access.Tokens{Store: d.Access, Records: d.Records}
}

// RestoreAccess grants again what clusters have lost in Consul, and revokes what is left of clusters that are gone.
func (d Dependencies) RestoreAccess(ctx context.Context) error {
	return d.tokens().Restore(ctx, d.Records)
}

// Activities holds the activities of every subject.
type Activities struct {
	Records  *records.Activities
	Machines *machines.Activities
	Agents   *agents.Activities
	Publish  *publish.Activities
	Orphans  *orphans.Activities
	Reads    *reads.Activities
	Apps     *apps.Activities
	Backups  *backups.Activities
}

// New makes the activities over their dependencies.
func New(d Dependencies) *Activities {
	tokens, check := d.tokens(), attempt.Check{Server: d.Temporal}
	entries := catalogue.Catalogue{Store: d.Backups, Targets: d.BackupTargets, Default: d.DefaultBackupTarget}
	return &Activities{
		Records: &records.Activities{
			Records: d.Records, Lives: d.Records, Agents: d.Agents, Trees: d.Trees, Apps: d.Apps, Ledger: d.Ledger, Tokens: tokens,
			Attempt: check, Providers: d.Providers, DefaultProvider: d.DefaultProvider, Catalogue: entries, Keep: d.Keep, Now: d.Now,
		},
		Machines: &machines.Activities{
			Records: d.Records, Ledger: d.Ledger, Attempt: check, Providers: d.Providers,
			KeyPairs: d.KeyPairs, AuthorizedKey: d.AuthorizedKey, Now: d.Now,
		},
		Agents: &agents.Activities{
			Records: d.Records, Apps: d.Apps, Agents: d.Agents, Tokens: tokens, Attempt: check, Providers: d.Providers,
			NodeConsul: d.NodeConsul, KVPrefix: d.KVPrefix, MetricsPort: d.MetricsPort, Logger: d.Logger,
		},
		Publish: &publish.Activities{
			Records: d.Records, Trees: d.Trees, Apps: d.Apps, Ledger: d.Ledger, Tokens: tokens, Attempt: check, Schedules: d.Schedules, Now: d.Now,
		},
		Orphans: &orphans.Activities{
			Records: d.Records, Trees: d.Trees, Ledger: d.Ledger, Tokens: tokens, Attempt: check,
			Providers: d.Providers, OperationRuns: d.OperationRuns, Now: d.Now,
		},
		Reads: &reads.Activities{
			Records: d.Records, Lives: d.Records, Apps: d.Apps, Trees: d.Trees, Ledger: d.Ledger, Agents: d.Agents, Tokens: tokens,
			Providers: d.Providers, DefaultProvider: d.DefaultProvider, OperationRuns: d.OperationRuns, Backups: d.Backups, Identity: d.Identity, Now: d.Now,
		},
		Apps: &apps.Activities{Apps: d.Apps, Clusters: d.Records, Backups: d.Backups, Now: d.Now},
		Backups: &backups.Activities{
			Records: d.Records, Ledger: d.Ledger, Catalogue: entries, Attempt: check, Providers: d.Providers, Nodes: d.Folders,
			Now: d.Now, Logger: d.Logger,
		},
	}
}

// RandomID is 8 characters of a-z and 0-9, the part behind the dash of every id.
func RandomID() string { return ids.New() }
