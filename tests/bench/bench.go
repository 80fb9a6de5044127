package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	consul "github.com/hashicorp/consul/api"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"drover/metadata/store"
	"drover/providers/local"
	"drover/tests/stack"
	"drover/tests/stack/tree"
)

// kvPrefix is the worker's default; addressRange differs from it, so that `make dev` can run beside.
const (
	kvPrefix     = "drover"
	addressRange = "127.79.0.0/16"
)

// closeWithin bounds cleaning up, which continues after an interrupt.
const closeWithin = 3 * time.Minute

// bench is the servers and what the parts share.
type bench struct {
	options
	root     string // source tree
	dir      string // everything made here, removed at the end
	stack    *stack.Stack
	temporal client.Client
	store    *store.Store
	verdicts verdicts
	clusters []string // created and not deleted yet
}

func newBench(ctx context.Context, o options) (_ *bench, err error) {
	b := &bench{options: o}
	if b.root, err = tree.Root(); err != nil {
		return nil, err
	}
	if o.build {
		make := exec.CommandContext(ctx, "make", "--no-print-directory", "-s", "-C", b.root, "build")
		make.Stdout, make.Stderr = os.Stderr, os.Stderr
		if err := make.Run(); err != nil {
			return nil, fmt.Errorf("make build: %w", err)
		}
	}
	if b.dir, err = os.MkdirTemp("", "drover-bench"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	// Copies: nodes must not see the programs change during a build.
	for _, name := range []string{"drover-agent", "drover-node"} {
		if err := copyProgram(filepath.Join(b.root, "bin", name), b.program(name)); err != nil {
			return nil, err
		}
	}
	b.stack, err = stack.Start(ctx, stack.Options{Dir: filepath.Join(b.dir, "stack"), Root: b.root, WorkerFlags: b.workerFlags()})
	if err != nil {
		return nil, err
	}
	kv, err := consul.NewClient(&consul.Config{Address: b.stack.ConsulURL})
	if err != nil {
		return nil, err
	}
	b.store = store.New(kv, kvPrefix)
	b.temporal, err = client.DialContext(ctx, client.Options{
		HostPort: b.stack.TemporalAddress, Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	return b, err
}

func (b *bench) program(name string) string { return filepath.Join(b.dir, name) }

// identity is the key the worker makes to log in to nodes.
func (b *bench) identity() string { return filepath.Join(b.dir, "id_ed25519") }

func (b *bench) workerFlags() []string {
	flags := []string{
		"--images", filepath.Join(b.root, "tests", "bench", "images"), "--binaries", b.dir, "--local-range", addressRange,
		"--kv-prefix", kvPrefix, "--identity", b.identity(),
	}
	if b.sshd != "" {
		if _, err := os.Stat(b.sshd); err != nil {
			fmt.Printf("note      no OpenSSH server here (%v): nodes answer with Drover's built-in server, which is not what the targets are for\n", err)
			b.sshd = ""
		}
	}
	if b.sshd != "" {
		flags = append(flags, "--local-sshd", b.sshd)
	}
	return flags
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("%w; run make build", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// close removes nodes, ends servers and removes the folder, in this order, and keeps the folder when nodes are left.
func (b *bench) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	var errs []error
	if b.temporal != nil {
		b.temporal.Close()
	}
	if b.stack != nil {
		if b.keepLog != "" {
			errs = append(errs, os.CopyFS(b.keepLog, os.DirFS(filepath.Join(b.stack.Dir, "log"))))
		}
		errs = append(errs, b.stack.Stop())
	}
	if err := b.removeNodes(ctx); err != nil {
		return errors.Join(append(errs, fmt.Errorf("nodes are left in %s: %w", b.dir, err))...)
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

// removeNodes deletes what an interrupted run left, without the worker.
func (b *bench) removeNodes(ctx context.Context) error {
	if len(b.clusters) == 0 {
		return nil
	}
	p, err := local.New(local.Options{
		StateDir: b.stack.StateDir, ImagesDir: filepath.Join(b.root, "tests", "bench", "images"),
		NodeBinary: b.program("drover-node"), Range: addressRange,
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range b.clusters {
		left, err := p.List(ctx, id)
		errs = append(errs, err)
		for _, i := range left.Instances {
			errs = append(errs, p.DeleteInstance(ctx, i.ID))
		}
		for _, n := range left.Networks {
			errs = append(errs, p.DeleteNetwork(ctx, id, n.VxNet))
		}
	}
	return errors.Join(errs...)
}
