// Command demo (`make demo`) shows the whole life of an etcd cluster on this machine with the real programs: published,
// created, used from outside, grown, resized, shrunk, upgraded, brought back from an upgrade that failed, tuned, stopped
// and started, protected by its own guard, deleted, and nothing left. With --quick it leaves out what changes a cluster.
// It checks what it shows, looks for all data after every step, exits non-zero when anything is off, and takes everything
// down again however it ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"drover/tests/stack"
	"drover/tests/stack/tree"
)

func main() {
	quick := flag.Bool("quick", false, "only create, use, refuse to delete, delete")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	// All signals until the end lead here: taking down must not be cut short by a second Ctrl-C.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	began := time.Now()
	err := run(ctx, *quick)
	switch {
	case ctx.Err() != nil:
		fmt.Println("\nInterrupted; everything was taken down again.")
		if err = notInterrupt(err); err != nil {
			fmt.Fprintln(os.Stderr, "demo:", err)
		}
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "\ndemo failed:", err)
		os.Exit(1)
	}
	fmt.Printf("\nThe whole life of a cluster in %.1f s. Next: make dev\n", time.Since(began).Seconds())
}

// run makes a stack, lives through the demo and takes the stack down.
func run(ctx context.Context, quick bool) (err error) {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	dir, release, err := ownFolder(ctx, root)
	if err != nil {
		return err
	}
	began := time.Now()
	say("Start a Temporal server, a Consul server and a Drover worker on this machine")
	stack, err := stack.Start(ctx, options(root, dir))
	if err != nil {
		return errors.Join(err, release())
	}
	d := &demo{stack: stack, stored: stored{}}
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w\n\nThe end of the worker's log:\n%s", err, stack.LogTail("drover-worker"))
		}
		err = errors.Join(err, takeDown(stack), release())
	}()
	if err := stack.StartWorker(ctx); err != nil {
		return err
	}
	fmt.Printf("  up after %.1f s\n", time.Since(began).Seconds())
	if quick {
		return d.live(ctx, d.short())
	}
	return d.live(ctx, d.whole())
}

// takeDown ends the worker first, so that no other process makes nodes while they are removed, and works after an interrupt too.
func takeDown(stack *stack.Stack) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	errs := []error{stack.KillWorker()}
	machines, err := stack.Machines()
	if err == nil {
		err = machines.Clear(ctx)
	}
	return errors.Join(append(errs, err, stack.Stop())...)
}

// notInterrupt drops the part of an error that is the interrupt itself.
func notInterrupt(err error) error {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return nil
	}
	var rest []error
	for _, e := range many.Unwrap() {
		if !errors.Is(e, errInterrupted) && !errors.Is(e, context.Canceled) {
			rest = append(rest, e)
		}
	}
	return errors.Join(rest...)
}
