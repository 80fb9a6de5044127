package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"drover/providers/local"
	"drover/tests/stack"
)

// What all tests of the package share; each works on clusters of its own.
var (
	servers   *stack.Stack
	temporals client.Client
	machines  *local.Provider
	collected *collector
)

// images that traced applications may boot; they differ in their name alone.
var images = []string{"one", "two"}

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("skipping conformance: -short (it runs Temporal, Consul and nodes)")
		os.Exit(0)
	}
	code, err := withStack(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		code = 1
	}
	os.Exit(code)
}

func withStack(run func() int) (code int, err error) {
	root, err := stack.FindRoot()
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "drover-conformance-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin := filepath.Join(dir, "bin")
	for name, pkg := range map[string]string{
		"drover-worker": "./worker", "drover-agent": "./agent", "drover-node": "./providers/local/node", "tracer": "./tests/conformance/tracer",
	} {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(bin, name), pkg)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if err := cmd.Run(); err != nil {
			return 1, fmt.Errorf("build %s: %w", name, err)
		}
	}
	if collected, err = newCollector(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, collected.server.Close()) }()
	for _, image := range images {
		if err := makeImage(filepath.Join(dir, "images", image), image, filepath.Join(bin, "tracer"), collected.address); err != nil {
			return 1, err
		}
	}
	ctx := context.Background()
	servers, err = stack.Start(ctx, stack.Options{
		Dir: filepath.Join(dir, "stack"), Root: root, Bin: bin, Images: filepath.Join(dir, "images"), Log: os.Stderr,
		Range: "127.91.0.0/16",
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, clear(ctx)) }()
	if err := servers.StartWorker(ctx); err != nil {
		return 1, err
	}
	if temporals, err = client.DialContext(ctx, client.Options{
		HostPort: servers.TemporalAddress, Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}); err != nil {
		return 1, err
	}
	defer temporals.Close()
	if machines, err = servers.Machines(); err != nil {
		return 1, err
	}
	return run(), nil
}

// clear ends the servers, and whatever nodes a failing test has left.
func clear(ctx context.Context) error {
	err := servers.Stop()
	if machines == nil {
		return err
	}
	return errors.Join(err, machines.Clear(ctx))
}
