package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/sdk/client"

	"drover/providers/local"
	"drover/starter/process"
	"drover/tests/stack/tree"
)

// Options say what to run.
type Options struct {
	// Dir keeps databases, logs, process ids and the worker's state. It is made when absent.
	Dir string
	// Root is the source tree: tools/ensure and bin/ are below it. Default: the one above the working directory.
	Root string
	// Bin has our programs, Images the images of local nodes. Default: bin and .build/images below Root.
	Bin, Images string
	// Log gets a line per thing done; nil is silence.
	Log io.Writer
	// UI serves the Temporal UI.
	UI bool
	// WellKnownPorts takes 7233, 8233 and 8500 where they are free, and any free port otherwise. A stack that ran in
	// Dir before prefers the ports it had: nodes that still run know Consul's.
	WellKnownPorts bool
	// Range of addresses for local nodes, within 127.0.0.0/8. Stacks that run at the same time need one each.
	Range string
	// ConsulToken turns Consul's ACLs on, with nothing allowed by default: this token (a UUID) may do everything. The
	// worker needs one of its own, by WorkerFlags or WorkerEnv.
	ConsulToken string
	// WorkerFlags are added to the worker's command line; WorkerEnv to its environment.
	WorkerFlags []string
	WorkerEnv   []string
	// ConsoleFlags are added to the console's command line, each time it is started.
	ConsoleFlags []string
	// SSHServer is the OpenSSH server of local nodes; "" is the built-in one.
	SSHServer string
	// NodeConsul is another address of this machine at which Consul answers, on the same port, and which nodes are told; ""
	// is the worker's. So that a test that cuts connections can recognize them, and for nodes that cannot reach its loopback.
	NodeConsul string
	// Namespaces are further ones of Temporal, beside "default".
	Namespaces []string
	// TemporalOnly starts no Consul.
	TemporalOnly bool
	// DieWithParent has the kernel end all processes with the program that started them. Ctrl-C reaches none of them.
	DieWithParent bool
}

// Stack is the running servers. Methods are not safe for concurrent use.
type Stack struct {
	Options
	TemporalAddress string // host:port
	UIURL           string // "" without UI
	ConsulURL       string // http://host:port
	StateDir        string // the worker's state folder: nodes and volumes

	temporal, consul, worker, console *process.Process
	replaced                          []*process.Process // workers, by ReplaceWorker
	metricsPort, consolePort          int
	last                              saved
}

// Start runs Temporal and Consul and waits until both answer. The worker is started by StartWorker.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	s, err := newStack(o)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{s.Dir, s.StateDir, s.logDir(), s.pidDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if err := s.defineTemporal(ctx); err != nil {
		return nil, err
	}
	servers := []*process.Process{s.temporal}
	if !s.TemporalOnly {
		if err := s.defineConsul(ctx); err != nil {
			return nil, err
		}
		servers = append(servers, s.consul)
	}
	// Both at the same time: each takes about half a second.
	for _, p := range servers {
		if err := p.Start(); err != nil {
			return nil, err
		}
	}
	for _, p := range servers {
		if err := p.WaitReady(ctx); err != nil {
			return nil, err
		}
		s.say("%s answers at %s", p.Name, p.Address)
	}
	return s, s.save()
}

// Attach finds a stack that another program started in o.Dir. It has addresses and no processes: Stop does nothing, and
// Clear ends it.
func Attach(o Options) (*Stack, error) {
	s, err := newStack(o)
	if err != nil {
		return nil, err
	}
	if s.last.Temporal == 0 {
		return nil, fmt.Errorf("no stack was started in %s", s.Dir)
	}
	s.TemporalAddress, s.ConsulURL = loopback(s.last.Temporal), "http://"+loopback(s.last.Consul)
	s.metricsPort, s.consolePort = s.last.Metrics, s.last.Console
	if s.last.UI != 0 {
		s.UIURL = "http://" + loopback(s.last.UI)
	}
	return s, nil
}

func newStack(o Options) (*Stack, error) {
	s := &Stack{Options: o, StateDir: filepath.Join(o.Dir, "state")}
	var err error
	if s.Root == "" {
		if s.Root, err = tree.Root(); err != nil {
			return nil, err
		}
	}
	if s.Bin == "" {
		s.Bin = filepath.Join(s.Root, "bin")
	}
	if s.Images == "" {
		s.Images = filepath.Join(s.Root, ".build", "images")
	}
	if s.Log == nil {
		s.Log = io.Discard
	}
	s.last, err = load(o.Dir)
	return s, err
}

// Machines opens the local provider on the worker's nodes and volumes: to see what there is, or to clear it away.
func (s *Stack) Machines() (*local.Provider, error) {
	return local.New(local.Options{
		StateDir: s.StateDir, ImagesDir: s.Images, Range: s.Range,
		NodeBinary: s.Binary("drover-node"), AgentBinary: s.Binary("drover-agent"), SSHServer: s.SSHServer,
	})
}

func (s *Stack) logDir() string { return filepath.Join(s.Dir, "log") }
func (s *Stack) pidDir() string { return filepath.Join(s.Dir, "pids") }

func (s *Stack) say(format string, args ...any) { fmt.Fprintf(s.Log, format+"\n", args...) }

// keep gives a process its places in the stack's folder.
func (s *Stack) keep(p *process.Process) *process.Process {
	p.LogFile, p.PidFile, p.DieWithParent = s.LogFile(p.Name), filepath.Join(s.pidDir(), p.Name), s.DieWithParent
	return p
}

// Tool is the path of a pinned tool, which is built the first time; the output of a build goes to the stack's log.
func (s *Stack) Tool(ctx context.Context, name string) (string, error) {
	return tree.Tool(ctx, s.Root, name, s.Log)
}

// Client is a client of the Temporal server, which logs nothing.
func (s *Stack) Client(ctx context.Context) (client.Client, error) {
	return client.DialContext(ctx, client.Options{HostPort: s.TemporalAddress, Logger: silent{}})
}

// LogTail is the end of what a server wrote.
func (s *Stack) LogTail(name string) string { return process.LogTail(s.LogFile(name)) }

// Env are the variables drover, drover-worker and the temporal CLI need to find the stack.
func (s *Stack) Env() []string {
	return []string{
		"TEMPORAL_ADDRESS=" + s.TemporalAddress,
		"TEMPORAL_NAMESPACE=default",
		"CONSUL_HTTP_ADDR=" + strings.TrimPrefix(s.ConsulURL, "http://"),
		"DROVER_UI=" + s.UIURL,
	}
}

// WorkerURL is the worker's HTTP server, with metrics, health and the discovery of nodes; "" before a worker was started.
func (s *Stack) WorkerURL() string {
	if s.metricsPort == 0 {
		return ""
	}
	return "http://" + loopback(s.metricsPort)
}

// WorkerPID is the process id of the worker that was started last.
func (s *Stack) WorkerPID() int { return s.worker.Pid() }

// Binary is a program of ours.
func (s *Stack) Binary(name string) string { return filepath.Join(s.Bin, name) }

// LogFile is where a server writes what it says.
func (s *Stack) LogFile(name string) string { return filepath.Join(s.logDir(), name+".log") }

// Stop ends everything that was started, console and worker first. Local nodes are the operator's: they outlive it.
func (s *Stack) Stop() error {
	errs := []error{s.KillReplaced()}
	for _, p := range []*process.Process{s.console, s.worker, s.temporal, s.consul} {
		if p != nil {
			errs = append(errs, p.Stop())
		}
	}
	return errors.Join(errs...)
}
