package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"drover/tests/stack"
)

// addresses of the demo's nodes: not those of `make dev`, which may run beside it.
const addresses = "127.79.0.0/16"

func options(root, dir string) stack.Options {
	return stack.Options{Root: root, Dir: dir, Range: addresses}
}

// ownFolder makes .dev/demo-*, held by a lock that ends with this process. Folders without a holder are those of demos that
// were killed: they are cleared first. release removes the folder.
func ownFolder(ctx context.Context, root string) (dir string, release func() error, _ error) {
	parent := filepath.Join(root, ".dev")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", nil, err
	}
	old, err := filepath.Glob(filepath.Join(parent, "demo-*"))
	if err != nil {
		return "", nil, err
	}
	for _, dir := range old {
		if err := clearAway(ctx, root, dir); err != nil {
			return "", nil, err
		}
	}
	if dir, err = os.MkdirTemp(parent, "demo-"); err != nil {
		return "", nil, err
	}
	held, err := lock(dir)
	if err != nil {
		return "", nil, err
	}
	return dir, func() error { return errors.Join(os.RemoveAll(dir), held.Close()) }, nil
}

// clearAway ends what a killed demo left in dir. A demo that runs is an error: it has the addresses.
func clearAway(ctx context.Context, root, dir string) error {
	held, err := lock(dir)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("another demo runs in %s; let it end first", dir)
	}
	if err != nil {
		return err
	}
	defer held.Close()
	fmt.Println("Clearing away", dir, "that an earlier demo could not remove")
	if _, err := stack.Clear(dir); err != nil {
		return err
	}
	if stack, err := stack.Attach(options(root, dir)); err == nil { // else it never had nodes
		machines, err := stack.Machines()
		if err != nil {
			return err
		}
		if err := machines.Clear(ctx); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), f.Close())
	}
	return f, nil
}
