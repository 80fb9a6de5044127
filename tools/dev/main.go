// Command dev (`make dev`, `make dev-status`, `make dev-down`) keeps a stack running in the background for a developer:
// servers with their web interfaces, a worker, the console, and the example packages published. All of it is in .dev/stack.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"drover/tests/stack"
	"drover/tests/stack/tree"
)

const usage = "usage: dev up | status | down [--force]"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dev:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	d := &dev{stack.Options{
		Root: root, Dir: filepath.Join(root, ".dev", "stack"), Log: os.Stdout, UI: true, WellKnownPorts: true,
		Range: addresses(root),
	}}
	switch {
	case len(args) == 1 && args[0] == "up":
		return d.up(ctx)
	case len(args) == 1 && args[0] == "status":
		return d.status()
	case len(args) == 1 && args[0] == "down":
		return d.down(ctx, false)
	case len(args) == 2 && args[0] == "down" && args[1] == "--force":
		return d.down(ctx, true)
	}
	return fmt.Errorf("%s", usage)
}

// addresses are those of the stack's nodes. Each source tree has its own: two stacks know nothing of each other, and an address
// of a node that is off looks free to the other one. They are apart from those of tests (127.128 and above) and of the demo.
func addresses(root string) string {
	sum := sha256.Sum256([]byte(root))
	return fmt.Sprintf("127.%d.%d.0/20", 80+sum[0]%48, sum[1]&0xf0)
}

// dev is the one stack of a source tree.
type dev struct{ options stack.Options }

// envFile is what a shell reads to speak to the stack.
func (d *dev) envFile() string { return filepath.Join(d.options.Root, ".dev", "env") }
