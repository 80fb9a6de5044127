package daemon

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"drover/agent/api"
	"drover/agent/confd"
	"drover/agent/health"
	"drover/agent/journal"
	"drover/agent/metad"
	"drover/agent/server"
	"drover/fault"
)

// Options of a Daemon. Paths default to those of package api.
type Options struct {
	Version    string
	ConfigFile string
	Socket     string
	JournalDir string
	StateDir   string
	ConfDir    string
	// Supervisor is the command line of the journal's supervisors; see journal.Options.
	Supervisor []string
	// HUP asks for conf.d to be read again.
	HUP <-chan os.Signal
	Log *slog.Logger

	// Source and Engine replace Consul and confd in tests.
	Source Source
	Engine Engine
}

// Daemon is one running agent.
type Daemon struct {
	version, cluster      string
	configFile, stateFile string
	confDir               string
	program               string // ProgramStamp of the file this process was started from
	rootAccess            bool
	log                   *slog.Logger
	source                Source
	engine                Engine
	journal               *journal.Journal
	health                *health.Runner
	tree                  *metad.Tree // nil when no metadata HTTP is wanted

	kick     chan struct{}
	beatNow  chan struct{}
	requests chan request
	hup      <-chan os.Signal

	// These belong to the passes goroutine.
	plan    schedule
	applied view
	links   links

	configuring sync.Mutex      // one Configure at a time
	runCtx      context.Context // of Run: what Configure starts lives as long

	mu sync.Mutex
	progress
	config      api.Config
	fingerprint string
}

// Run is an agent's whole life: it ends when ctx does, and then leaves nothing running but the commands and their
// supervisors. It fails at once on bad settings, and when another agent runs.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	config, err := LoadConfig(o.ConfigFile)
	if err != nil {
		return err
	}
	l, err := server.Listen(o.Socket)
	if err != nil {
		return err
	}
	d, err := newDaemon(o, config)
	if err != nil {
		l.Close()
		return err
	}
	return d.run(ctx, l)
}

func (o Options) withDefaults() Options {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&o.ConfigFile, api.ConfigFile)
	def(&o.Socket, api.Socket)
	def(&o.JournalDir, api.JournalDir)
	def(&o.StateDir, api.StateDir)
	def(&o.ConfDir, api.ConfDir)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func newDaemon(o Options, config api.Config) (*Daemon, error) {
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "make the agent's state folder")
	}
	j, err := journal.Open(journal.Options{Dir: o.JournalDir, Supervisor: o.Supervisor})
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		version: o.Version, cluster: config.ClusterID, configFile: o.ConfigFile, confDir: o.ConfDir,
		stateFile: filepath.Join(o.StateDir, "agent-state.json"), rootAccess: config.MetadataRootAccess, log: o.Log,
		source: o.Source, engine: o.Engine, journal: j, config: config, hup: o.HUP,
		kick: make(chan struct{}, 1), beatNow: make(chan struct{}, 1), requests: make(chan request),
		links: links{running: map[string]context.CancelFunc{}},
	}
	if d.source == nil {
		d.source = newConsul(config)
	}
	if d.engine == nil {
		d.engine = confd.New(confd.Options{
			ConfDir: o.ConfDir, StateFile: filepath.Join(o.StateDir, "confd-state.json"), Logger: o.Log,
		})
	}
	if len(config.MetadataListen) > 0 {
		d.tree = metad.NewTree()
	}
	d.health = health.New(d.runAction, d.quiet, o.Log)
	d.health.Changed = d.kickBeat
	d.progress = progress{
		saved: loadState(d.stateFile, d.cluster), synced: unknownRevision, changed: make(chan struct{}),
		consul: trouble{what: "connecting to Consul at " + config.Consul, since: time.Now()},
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "find own program file")
	}
	d.program = ProgramStamp(self)
	d.fingerprint = Fingerprint(d.program, config)
	return d, nil
}

func (d *Daemon) run(ctx context.Context, l net.Listener) error {
	// The agent ends as a whole: when the socket cannot be served any more, so can nothing else.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.log.Info("agent started", "version", d.version, "cluster", d.cluster, "node", d.config.NodeID, "running", d.journal.Running())
	d.runCtx = ctx
	if n, err := d.journal.Prune(time.Now(), journal.DefaultKeep); err != nil || n > 0 {
		d.log.Info("journal pruned", "removed", n, "error", err)
	}
	d.health.Set(ctx, d.config.HealthCheck, d.config.Monitor)
	var all sync.WaitGroup
	all.Go(func() { d.watch(ctx) })
	all.Go(func() { d.passes(ctx) })
	all.Go(func() { d.beats(ctx) })
	all.Go(func() { d.journal.Guard(ctx, d.log) })
	for _, addr := range d.config.MetadataListen {
		all.Go(func() { d.serveMetadata(ctx, addr) })
	}
	if addr := d.config.MetricsListen; addr != "" {
		all.Go(func() { d.serveMetrics(ctx, addr) })
	}
	err := server.New(d, d.commands(), d.log).Serve(ctx, l)
	cancel()
	all.Wait()
	d.links.group.Wait()
	d.health.Stop()
	d.journal.Close()
	d.log.Info("agent ended", "error", err)
	return err
}
