package lab

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

	"drover/devstack"
)

// Lab is the servers, the worker and the programs; all tests of one package share it.
type Lab struct {
	stack *devstack.Stack
	// unable says why no nodes can run here.
	unable error
}

var (
	dir    string
	shared = sync.OnceValues(start)
)

// Main is what TestMain calls: it ends what Start started.
func Main(m *testing.M) {
	flag.Parse()
	var err error
	if dir, err = os.MkdirTemp("", "drover-lab-"); err != nil {
		panic(err)
	}
	code := m.Run()
	if running != nil {
		err = running.Stop()
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

var running *devstack.Stack

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
	root, err := devstack.FindRoot()
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(dir, "bin")
	for name, pkg := range map[string]string{
		"drover": "./starter", "drover-worker": "./worker", "drover-agent": "./agent", "drover-node": "./providers/local/node",
	} {
		if err := command(root, "go", "build", "-o", filepath.Join(bin, name), pkg); err != nil {
			return nil, err
		}
	}
	// Addresses of our own, also beside other runs on the machine.
	pid := os.Getpid()
	addresses := fmt.Sprintf("127.%d.%d.0/24", 160+pid/256%64, pid%256)
	ctx := context.Background()
	stack, err := devstack.Start(ctx, devstack.Options{
		Dir: filepath.Join(dir, "stack"), Root: root, Bin: bin, Range: addresses, Log: os.Stderr,
	})
	if err != nil {
		return nil, err
	}
	running = stack
	if _, err := stack.Machines(); err != nil {
		return &Lab{unable: err}, nil
	}
	return &Lab{stack: stack}, stack.StartWorker(ctx)
}

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
