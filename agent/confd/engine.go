package confd

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// Options say where an engine works and whom it asks.
type Options struct {
	// ConfDir holds conf.d and templates; empty means /etc/confd.
	ConfDir string
	// Root is put before every destination, before the paths templates ask about and before the account files; for
	// rendering another machine's files. ConfDir and StateFile are taken as they are.
	Root string
	// StateFile remembers what was applied; empty keeps it in memory, for a single pass.
	StateFile string
	// Runner runs check and reload commands; nil means Shell{}. NoCommands runs none of them.
	Runner     Runner
	NoCommands bool
	Logger     *slog.Logger
	Now        func() time.Time
}

// Result is what one pass did.
type Result struct {
	Revision int64
	// Changed is how many files were swapped.
	Changed int
	// Reloaded are the reload commands that ran to success, in the order they ran.
	Reloaded []string
	// Warnings are all resources that are not as this revision wants them, also those that wait for a retry.
	Warnings []api.Warning
}

// Engine applies revisions. Its methods can be called from anywhere; passes run one at a time.
type Engine struct {
	confDir, root, stateFile string
	runner                   Runner
	noCommands               bool
	log                      *slog.Logger
	now                      func() time.Time

	// turn is held by the running pass, which owns the fields up to mu.
	turn      chan struct{}
	templates *templates
	resources *resourceSet
	state     *state
	tree      *Tree
	revision  int64
	failures  map[string]*failure
	deferred  map[string]time.Time
	swept     map[string]time.Time
	out       bytes.Buffer

	mu       sync.Mutex
	statuses []ResourceStatus
	next     time.Time
	seen     map[string]fileID
	command  *running
}

// running is the check_cmd or reload_cmd that a pass waits for; nil while there is none.
type running struct {
	api.PassCommand
	end context.CancelCauseFunc
}

// New makes an engine. It reads nothing yet.
func New(o Options) *Engine {
	e := &Engine{
		confDir: o.ConfDir, root: o.Root, stateFile: o.StateFile, runner: o.Runner, noCommands: o.NoCommands,
		log: o.Logger, now: o.Now, turn: make(chan struct{}, 1),
		failures: map[string]*failure{}, deferred: map[string]time.Time{}, swept: map[string]time.Time{},
	}
	if e.confDir == "" {
		e.confDir = api.ConfDir
	}
	if e.runner == nil {
		e.runner = Shell{}
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	e.forget()
	return e
}

// forget drops everything that was read from the configuration folder.
func (e *Engine) forget() {
	e.templates = newTemplates(filepath.Join(e.confDir, "templates"), &scope{now: e.now, root: e.root})
	e.resources = &resourceSet{dir: filepath.Join(e.confDir, "conf.d")}
}

// Apply brings every resource to the revision whose keys are kv, as templates see them. Resources that fail are
// warnings in the result; an error means that the pass was interrupted or could not begin.
func (e *Engine) Apply(ctx context.Context, revision int64, kv map[string]string) (Result, error) {
	return e.ApplyTree(ctx, revision, NewTree(kv))
}

// ApplyTree is Apply for keys that are indexed already.
func (e *Engine) ApplyTree(ctx context.Context, revision int64, tree *Tree) (Result, error) {
	if err := e.enter(ctx); err != nil {
		return Result{}, err
	}
	defer e.leave()
	e.tree, e.revision = tree, revision
	return e.pass(ctx, false)
}

// Retry runs a pass over the revision applied last: it finds drift and retries what failed and is due by now.
func (e *Engine) Retry(ctx context.Context) (Result, error) { return e.again(ctx, false, false) }

// RetryFailed is Retry for everything that failed, whatever its back-off says: for when the node has changed, since a
// command may have made the account or the folder that was missing.
func (e *Engine) RetryFailed(ctx context.Context) (Result, error) { return e.again(ctx, false, true) }

// Reload reads conf.d and templates again and runs a pass over the revision applied last, in which everything that
// failed is retried whatever its back-off says (`agent reload`, HUP).
func (e *Engine) Reload(ctx context.Context) (Result, error) { return e.again(ctx, true, false) }

func (e *Engine) again(ctx context.Context, force, failed bool) (Result, error) {
	if err := e.enter(ctx); err != nil {
		return Result{}, err
	}
	defer e.leave()
	if force {
		e.forget()
	}
	if e.tree == nil {
		return Result{}, fault.New(fault.NotAllowed, "no revision has been applied yet").
			WithHint("the agent applies the first one as soon as it can read it from Consul")
	}
	if failed {
		for _, f := range e.failures {
			f.next = time.Time{}
		}
	}
	return e.pass(ctx, force)
}

func (e *Engine) enter(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return interrupted(ctx)
	}
}

func (e *Engine) leave() { <-e.turn }

func interrupted(ctx context.Context) error {
	return fault.Wrap(context.Cause(ctx), fault.Unreachable, "the pass over the configuration was interrupted")
}

// Running is the command that the current pass waits for; nil while there is none.
func (e *Engine) Running() *api.PassCommand {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.command == nil {
		return nil
	}
	c := e.command.PassCommand
	return &c
}

// EndCommand ends the command that the current pass waits for if it has run since before a moment. It counts as failed.
func (e *Engine) EndCommand(before time.Time, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.command != nil && e.command.Since.Before(before) {
		e.command.end(why)
	}
}

// NextRetry is when Retry has something to do; zero when nothing waits.
func (e *Engine) NextRetry() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.next
}

// ConfChanged says whether conf.d, or a template that is in use, differs from what the last pass read. It only asks for
// file attributes, so it can be called every few seconds.
func (e *Engine) ConfChanged() bool {
	e.mu.Lock()
	seen := e.seen
	e.mu.Unlock()
	if seen == nil {
		return false // no pass yet: the first one reads everything
	}
	return !maps.Equal(seen, e.look(seen))
}
