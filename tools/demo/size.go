package main

import (
	"context"
	"fmt"
)

// grow, shrink and resize continue while a client writes: the package promises that etcd keeps its quorum.

func (d *demo) grow(ctx context.Context) error {
	say("Add 2 nodes while a client writes: they join as learners, and vote when they have the data")
	err := d.whileWriting(ctx, func() error { return d.must(ctx, d.drover, "add-nodes", cluster, "--count", "2") })
	if err != nil {
		return err
	}
	return d.check(ctx, 5, "3.5")
}

func (d *demo) resize(ctx context.Context) error {
	const memory = 1024
	say("Give every node another size of memory while a client writes: the package wants it one node at a time")
	err := d.whileWriting(ctx, func() error { return d.must(ctx, d.drover, "scale", cluster, "--memory", fmt.Sprint(memory)) })
	if err != nil {
		return err
	}
	if err := d.check(ctx, 5, "3.5"); err != nil {
		return err
	}
	for _, n := range d.nodes {
		if n.Memory != memory {
			return fmt.Errorf("node %s has %d MiB of memory, and %d were asked for", n.NodeID, n.Memory, memory)
		}
	}
	return nil
}

func (d *demo) shrink(ctx context.Context) error {
	say("Delete 2 nodes while a client writes, the oldest and the newest: etcd has to let them go first")
	oldest, newest := d.nodes[0].NodeID, d.nodes[4].NodeID
	err := d.whileWriting(ctx, func() error {
		return d.must(ctx, d.drover, "delete-nodes", cluster, oldest, newest, "--yes")
	})
	if err != nil {
		return err
	}
	if err := d.check(ctx, 3, "3.5"); err != nil {
		return err
	}
	return d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "member", "list")
}
