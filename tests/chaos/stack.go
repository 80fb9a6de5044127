package chaos

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"

	"drover/providers/local"
	"drover/tests/stack"
	"drover/tests/stack/tree"
	"drover/tests/tracer"
	"drover/workflows/api"
)

// Options configure a World.
type Options struct {
	Root  string    // the source tree
	Bin   string    // folder of the programs, by Build
	Dir   string    // created when missing; for images and servers' data
	Range string    // addresses for nodes; concurrent worlds need different ones
	Log   io.Writer // gets a line per action
	// SSHServer is the OpenSSH server of the nodes; "" means the built-in one.
	SSHServer string
	// Partition is the duration of cut connections.
	Partition time.Duration
}

// World is a Temporal server, a Consul server, a worker, and the relay between worker and Temporal.
type World struct {
	Options
	stack     *stack.Stack
	relay     *relay
	temporals client.Client
	machines  *local.Provider
	tracer    *tracer.Server
	wake      func()     // resumes a replaced worker; nil when there is none
	woken     chan error // receives its result

	mu       sync.Mutex
	gates    map[string]*gates // by cluster
	commands map[int]*gates    // of running commands
}

// appID is the application; its versions run the same commands. The one of turnsID takes nodes one after the other.
const (
	appID   = "chaos"
	turnsID = "chaos-turns"
)

// Build builds the programs and the missing servers, and copies the programs into a folder, where a later build does not
// change them. It must run outside the new network namespace, from which no download is possible.
func Build(ctx context.Context, root, bin string) error {
	for _, name := range []string{"temporal", "consul"} {
		if _, err := tree.Tool(ctx, root, name, os.Stderr); err != nil {
			return err
		}
	}
	traces, err := tracer.Build()
	if err != nil {
		return err
	}
	built, err := tree.Programs()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for name, from := range map[string]string{
		"drover-worker": built, "drover-agent": built, "drover-node": built, "tracer": filepath.Dir(traces),
	} {
		program, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(bin, name), program, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// OpenSSH is the path of its server on this machine, if nodes can run it; else "".
func OpenSSH() string {
	const file = "/usr/sbin/sshd"
	if _, err := os.Stat(file); err != nil || os.Getuid() != 0 {
		return ""
	}
	return file
}

// Start starts a World.
func Start(ctx context.Context, o Options) (_ *World, err error) {
	w := &World{Options: o, gates: map[string]*gates{}, commands: map[int]*gates{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.tracer, err = tracer.Listen("127.0.0.1:0", w); err != nil {
		return nil, err
	}
	if err := image(w.tracer.Address).Make(filepath.Join(o.Dir, "images", "chaos"), filepath.Join(o.Bin, "tracer")); err != nil {
		return nil, err
	}
	if w.stack, err = stack.Start(ctx, stack.Options{
		Dir: filepath.Join(o.Dir, "stack"), Root: o.Root, Bin: o.Bin, Images: filepath.Join(o.Dir, "images"), Log: o.Log, Range: o.Range,
		SSHServer: o.SSHServer, NodeConsul: nodeConsul, DieWithParent: true,
	}); err != nil {
		return nil, err
	}
	if w.relay, err = startRelay(ctx, w.stack.TemporalAddress); err != nil {
		return nil, err
	}
	w.stack.WorkerEnv = []string{"TEMPORAL_ADDRESS=" + w.relay.address}
	if err := w.stack.StartWorker(ctx); err != nil {
		return nil, err
	}
	if w.temporals, err = w.stack.Client(ctx); err != nil {
		return nil, err
	}
	if w.machines, err = w.stack.Machines(); err != nil {
		return nil, err
	}
	return w, w.publish(ctx)
}

func (w *World) publish(ctx context.Context) error {
	for app, policy := range map[string]string{appID: "parallel", turnsID: "sequential"} {
		text, err := archive(policy)
		if err != nil {
			return err
		}
		for _, version := range []string{"1", "2"} {
			if err := w.execute(ctx, "app/"+app+"/"+version, api.PublishApp,
				api.PublishAppInput{App: app, Version: version, Archive: text}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin starts a workflow.
func (w *World) begin(ctx context.Context, id, name string, in any) (client.WorkflowRun, error) {
	return w.temporals.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: api.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, name, in)
}

// execute runs a workflow to its end.
func (w *World) execute(ctx context.Context, id, name string, in, out any) error {
	run, err := w.begin(ctx, id, name, in)
	if err != nil {
		return err
	}
	return result(ctx, run, out)
}

// result waits for the end of a workflow. It retries because the SDK gives up a request that is lost in a restart of the
// server.
func result(ctx context.Context, run client.WorkflowRun, out any) error {
	for {
		err := run.Get(ctx, out)
		if err == nil || ctx.Err() != nil || serviceerror.ToStatus(err).Code() != codes.DeadlineExceeded {
			return err
		}
	}
}

// Close ends the world with its nodes in any state. The worker, which may be paused, is killed.
func (w *World) Close() error {
	var errs []error
	if w.temporals != nil {
		w.temporals.Close()
	}
	if w.stack != nil {
		errs = append(errs, w.stack.KillWorker(), w.stack.Stop())
	}
	if w.relay != nil {
		errs = append(errs, w.relay.close())
	}
	if w.machines != nil {
		errs = append(errs, w.machines.Clear(context.Background()))
	}
	if w.tracer != nil {
		errs = append(errs, w.tracer.Close())
	}
	return errors.Join(errs...)
}
