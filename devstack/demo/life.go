package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"drover/devstack"
	"drover/fault"
	"drover/workflows/api"
)

const (
	cluster = "cl-demo0001"
	members = 3
	key     = "/protected/invoice"
)

// demo is one run.
type demo struct {
	stack   *devstack.Stack
	drover  string
	etcdctl string
	nodes   []api.NodeView
}

// live goes through the cluster's life, step by step.
func (d *demo) live(ctx context.Context) error {
	d.drover = d.stack.Binary("drover")
	var err error
	if d.etcdctl, err = d.stack.Tool(ctx, "etcdctl35"); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		d.publish, d.create, d.use, d.look, d.refuse, d.remove, d.nothingLeft,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) publish(ctx context.Context) error {
	say("Publish the example package: a folder that says how etcd is configured, started, scaled and removed")
	folder := filepath.Join(".build", "packages", "etcd-3.5")
	return d.must(ctx, d.drover, "apps", "publish", folder, "--app", "etcd", "--version", "3.5")
}

func (d *demo) create(ctx context.Context) error {
	say("Create a cluster of %d nodes: machines, metadata, agents, then the package's own init and start", members)
	if err := d.must(ctx, d.drover, "create", "etcd", "--id", cluster, "--set", fmt.Sprintf("etcd_node.count=%d", members)); err != nil {
		return err
	}
	if err := d.ask(ctx, &d.nodes, d.drover, "nodes", cluster, "-o", "json"); err != nil {
		return err
	}
	if len(d.nodes) != members {
		return fmt.Errorf("%d nodes were asked for and there are %d", members, len(d.nodes))
	}
	return nil
}

func (d *demo) use(ctx context.Context) error {
	say("Use it from outside, as any client would: list the members, ask their health, write and read a key")
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "member", "list", "-w", "table"); err != nil {
		return err
	}
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "endpoint", "health", "--cluster"); err != nil {
		return err
	}
	if err := d.healthy(ctx); err != nil {
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
	return err
}

// healthy checks what was just shown.
func (d *demo) healthy(ctx context.Context) error {
	var answers []struct {
		Endpoint string `json:"endpoint"`
		Health   bool   `json:"health"`
	}
	if err := d.ask(ctx, &answers, d.etcdctl, "--endpoints", d.endpoint(0), "endpoint", "health", "--cluster", "-w", "json"); err != nil {
		return err
	}
	if len(answers) != members {
		return fmt.Errorf("etcd has %d members where %d are expected", len(answers), members)
	}
	for _, a := range answers {
		if !a.Health {
			return fmt.Errorf("etcd says that %s is not healthy", a.Endpoint)
		}
	}
	return nil
}

func (d *demo) endpoint(i int) string { return "http://" + d.nodes[i].IP + ":2379" }

func (d *demo) look(ctx context.Context) error {
	say("See what Drover knows: the nodes, and the cluster with its last operation")
	if err := d.must(ctx, d.drover, "nodes", cluster); err != nil {
		return err
	}
	return d.must(ctx, d.drover, "status", cluster)
}

func (d *demo) refuse(ctx context.Context) error {
	say("Store something precious and try to delete the cluster: the package's guard says no, and nothing was touched")
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "put", key, "paid"); err != nil {
		return err
	}
	code, err := d.show(ctx, d.drover, "delete", cluster, "--yes")
	if err != nil {
		return err
	}
	if code != 1 {
		return fmt.Errorf("the guard had to make drover delete end with exit code 1, and it was %d", code)
	}
	fmt.Printf("  exit code %d, as it has to be\n", code)
	var status struct {
		Cluster   *api.ClusterView `json:"cluster"`
		Operation *struct {
			Error *fault.Fault `json:"error"`
		} `json:"operation"`
	}
	if err := d.ask(ctx, &status, d.drover, "status", cluster, "-o", "json"); err != nil {
		return err
	}
	switch {
	case status.Cluster == nil || status.Cluster.State != "active":
		return errors.New("after the refusal the cluster is not active any more")
	case status.Operation == nil || status.Operation.Error == nil:
		return errors.New("drover status does not know why the deletion failed")
	case !strings.Contains(status.Operation.Error.Output, "1 key under /protected"):
		return fmt.Errorf("the deletion failed for another reason than the guard: %s: %s", status.Operation.Error.Message, status.Operation.Error.Output)
	}
	return d.healthy(ctx)
}

func (d *demo) remove(ctx context.Context) error {
	say("Take the key away and delete again")
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "del", key); err != nil {
		return err
	}
	return d.must(ctx, d.drover, "delete", cluster, "--yes")
}
