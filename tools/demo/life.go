package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"drover/tests/stack"
	"drover/workflows/api"
)

const cluster = "cl-demo0001"

// demo is one run.
type demo struct {
	stack   *stack.Stack
	drover  string
	etcdctl string
	nodes   []api.NodeView // by server id
	stored  stored
}

type step = func(context.Context) error

// short is a life in a few seconds, whole is every operation.
func (d *demo) short() []step {
	return []step{d.publish, d.create, d.use, d.look, d.refuse, d.remove, d.nothingLeft}
}

func (d *demo) whole() []step {
	return []step{
		d.publish, d.create, d.use, d.look,
		d.grow, d.resize, d.shrink,
		d.snapshot, d.upgrade, d.upgradeBadly,
		d.tune, d.powerCycle,
		d.refuse, d.remove, d.nothingLeft,
	}
}

// live goes through the cluster's life, step by step.
func (d *demo) live(ctx context.Context, steps []step) error {
	d.drover = d.stack.Binary("drover")
	var err error
	if d.etcdctl, err = d.stack.Tool(ctx, "etcdctl36"); err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) publish(ctx context.Context) error {
	say("Publish the example package: a folder that says how etcd is configured, started, scaled and removed")
	return d.publishVersion(ctx, packageOf("3.5"), "3.5")
}

func packageOf(version string) string { return filepath.Join(".build", "packages", "etcd-"+version) }

func (d *demo) publishVersion(ctx context.Context, folder, version string) error {
	return d.must(ctx, d.drover, "apps", "publish", folder, "--app", "etcd", "--version", version)
}

func (d *demo) create(ctx context.Context) error {
	say("Create a cluster of 3 nodes: machines, metadata, agents, then the package's own init and start")
	if err := d.must(ctx, d.drover, "create", "etcd", "--id", cluster, "--set", "etcd_node.count=3"); err != nil {
		return err
	}
	return d.check(ctx, 3, "3.5")
}

func (d *demo) use(ctx context.Context) error {
	say("Use it from outside, as any client would: list the members, write through one, read from another")
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "member", "list"); err != nil {
		return err
	}
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "put", "/greeting", "hello from node 1"); err != nil {
		return err
	}
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(2), "get", "/greeting"); err != nil {
		return err
	}
	got, err := d.read(ctx, d.etcdctl, "--endpoints", d.endpoint(2), "get", "/greeting", "--print-value-only")
	if err == nil && strings.TrimSpace(got) != "hello from node 1" {
		err = fmt.Errorf("node 1 was given a value and node 3 answers %q", got)
	}
	d.stored["/greeting"] = "hello from node 1"
	return err
}

func (d *demo) look(ctx context.Context) error {
	say("See what Drover knows: the nodes, and the cluster with its last operation")
	if err := d.must(ctx, d.drover, "nodes", cluster); err != nil {
		return err
	}
	return d.must(ctx, d.drover, "status", cluster)
}
