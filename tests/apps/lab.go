package apps

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/providers"
	"drover/tests/stack"
	"drover/tests/stack/engine"
)

// Lab is the servers, the worker and the programs; all tests of one package share it.
type Lab struct {
	stack    *stack.Stack
	machines providers.Provider
	// engine runs the nodes of a lab on containers; gateway is the machine's address among them.
	engine  *engine.Engine
	gateway string
	// unable says why no nodes can run here.
	unable error
}

var (
	dir      string
	shared   = sync.OnceValues(start)
	onDocker = sync.OnceValues(startDocker)
	// toStop ends what was started, the last one first.
	toStop []func() error
)

// Main is what TestMain calls: it ends what Start started.
func Main(m *testing.M) {
	flag.Parse()
	var err error
	if dir, err = os.MkdirTemp("", "dr-lab-"); err != nil {
		panic(err)
	}
	code := m.Run()
	for i := range toStop {
		err = errors.Join(err, toStop[len(toStop)-1-i]())
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Start gives the lab; the first call starts it.
func Start(t *testing.T) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("runs real clusters on real nodes: not with -short")
	}
	l, err := shared()
	require.NoError(t, err)
	if l.unable != nil {
		t.Skipf("nodes of provider local cannot run here: %v", l.unable)
	}
	return l
}

func start() (*Lab, error) {
	// Addresses of our own, also beside other runs on the machine.
	pid := os.Getpid()
	l, err := startServers("stack", stack.Options{Range: fmt.Sprintf("127.%d.%d.0/24", 160+pid/256%64, pid%256)})
	if err != nil {
		return nil, err
	}
	machines, err := l.stack.Machines()
	if err != nil {
		return &Lab{unable: err}, nil
	}
	l.machines = machines
	return l, l.stack.StartWorker(context.Background())
}

// Dir is a folder for what a package's tests share. It goes after the last test.
func Dir() string { return dir }

// StartOther starts servers and a worker of another make than those of Start. Main ends them.
func StartOther(name string, o stack.Options) (*Lab, error) {
	l, err := startServers(name, o)
	if err != nil {
		return nil, err
	}
	return l, l.stack.StartWorker(context.Background())
}

// startServers starts all but the worker.
func startServers(name string, o stack.Options) (*Lab, error) {
	var err error
	if o.Root, err = stack.FindRoot(); err != nil {
		return nil, err
	}
	if o.Bin, err = Programs(); err != nil {
		return nil, err
	}
	o.Dir, o.Log = filepath.Join(dir, name), os.Stderr
	stack, err := stack.Start(context.Background(), o)
	if err != nil {
		return nil, err
	}
	toStop = append(toStop, stack.Stop)
	return &Lab{stack: stack}, nil
}

// Programs builds what a stack runs, and says where it is.
var Programs = sync.OnceValues(func() (string, error) {
	root, err := stack.FindRoot()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "bin")
	for name, pkg := range map[string]string{
		"drover": "./starter", "drover-worker": "./worker", "drover-agent": "./agent", "drover-node": "./providers/local/node",
	} {
		if err := command(root, "go", "build", "-o", filepath.Join(bin, name), pkg); err != nil {
			return "", err
		}
	}
	return bin, nil
})

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
