// Package agents starts agents, waits until they have applied a revision, and runs the package's commands on nodes
// through them. A machine that is found to be off meanwhile is switched on. It makes no connections (the agents do) and
// decides neither the order of commands nor what follows from a failure. Workflows call it in every stage and barrier.
package agents

import (
	"context"
	"io/fs"
	"log/slog"
	"time"

	"drover/activities/internal/access"
	"drover/activities/internal/attempt"
	"drover/activities/internal/control"
	"drover/activities/internal/packages"
	agentapi "drover/agent/api"
	"drover/lifecycle"
	"drover/providers"
)

// Client reaches the agent on a node. Run launches a command once under its id and waits for its end, however often it
// is called and whatever breaks in between; it never cancels by itself.
type Client interface {
	Ensure(ctx context.Context, node lifecycle.Node, cfg agentapi.Config) error
	Sync(ctx context.Context, node lifecycle.Node, revision int64, timeout time.Duration,
		silent func(context.Context) error) (agentapi.SyncResult, error)
	Run(ctx context.Context, node lifecycle.Node, id string, cmd agentapi.Command, w agentapi.Watch) (agentapi.CommandStatus, error)
	Cancel(ctx context.Context, node lifecycle.Node, id string) (agentapi.CommandStatus, error)
	Status(ctx context.Context, node lifecycle.Node) (agentapi.Status, error)
	// Output reads a part of what a command printed; a negative position counts from the end.
	Output(ctx context.Context, node lifecycle.Node, id string, from int64, limit int) (agentapi.CommandOutput, error)
	// EndPassCommand ends the check_cmd or reload_cmd that the agent waits for, if there is one.
	EndPassCommand(ctx context.Context, node lifecycle.Node) error
	// Put writes a file on a node, whole or not at all.
	Put(ctx context.Context, node lifecycle.Node, path string, content []byte, mode fs.FileMode) error
}

// Providers finds the provider of a cluster's machines.
type Providers interface {
	Find(name string) (providers.Provider, error)
}

// Activities talk to the agents of nodes.
type Activities struct {
	Records control.Store
	Apps    packages.Store
	Agents  Client
	Tokens  access.Tokens
	Attempt attempt.Check
	// Providers are asked about the machines of nodes that do not answer.
	Providers Providers
	// NodeConsul is Consul's HTTP address as nodes reach it; KVPrefix is the root of Drover's keys in it.
	NodeConsul string
	KVPrefix   string
	// MetricsPort is the port of the metrics of nodes, at their own address; 0: they serve none.
	MetricsPort int
	Logger      *slog.Logger
}
