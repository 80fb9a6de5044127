package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"drover/tests/stack"
)

// down ends the stack and removes its data. While clusters have nodes here it refuses, since nothing could delete these
// properly afterwards; force removes them too, asking no package.
func (d *dev) down(ctx context.Context, force bool) error {
	servers, err := stack.Attach(d.options)
	if err != nil {
		// Perhaps one died while it started.
		ended, err := stack.Clear(d.options.Dir)
		if len(ended) > 0 {
			fmt.Println("ended", strings.Join(ended, ", "))
		} else {
			fmt.Println("No stack is up.")
		}
		return errors.Join(err, d.removeData())
	}
	clusters, err := d.clusters(servers)
	if err != nil {
		return err
	}
	if len(clusters) > 0 && !force {
		var lines strings.Builder
		for _, id := range clusters {
			fmt.Fprintf(&lines, "\n  drover delete %s", id)
		}
		return fmt.Errorf("there are clusters, and without the servers nothing could delete them. Delete them first:\n%s\n\n"+
			"or end everything, their nodes and data too, without asking their packages: make dev-down FORCE=1", lines.String())
	}
	ended, err := stack.Clear(d.options.Dir)
	if err != nil {
		return err
	}
	fmt.Println("ended", strings.Join(ended, ", "))
	if len(clusters) > 0 {
		machines, err := servers.Machines()
		if err != nil {
			return err
		}
		if err := machines.Clear(ctx); err != nil {
			return err
		}
		fmt.Println("removed the nodes and volumes of", strings.Join(clusters, ", "))
	}
	return d.removeData()
}

func (d *dev) removeData() error {
	err := os.Remove(d.envFile())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(d.options.Dir))
}
