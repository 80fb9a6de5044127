package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	agentapi "drover/agent/api"
	"drover/agent/client"
)

// daemon is one drover-agent as a plain process with files of its own.
type daemon struct {
	dir    string
	cmd    *exec.Cmd
	client *client.Client
}

// hostsFile is what every daemon renders: a line per node of the cluster.
const hostsFile = "hosts"

// startDaemon runs the agent of node i and waits until it answers.
func (b *bench) startDaemon(ctx context.Context, clusterID string, i int) (_ *daemon, err error) {
	d := &daemon{dir: filepath.Join(b.dir, clusterID, fmt.Sprint(i))}
	d.client = client.Unix(d.path("sock"))
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("agent %d: %w", i, err), d.stop())
		}
	}()
	for _, dir := range []string{"confd/conf.d", "confd/templates", "out"} {
		if err := os.MkdirAll(d.path(dir), 0o755); err != nil {
			return nil, err
		}
	}
	template, err := os.ReadFile(filepath.Join(b.root, "bench/images/noop/etc/confd/templates/hosts.tmpl"))
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(agentapi.Config{
		ClusterID: clusterID, NodeID: treeNode(i).ID, InstanceID: instanceID(i), Role: treeRole,
		Consul: b.stack.ConsulURL, KVPrefix: kvPrefix,
	})
	if err != nil {
		return nil, err
	}
	resource := fmt.Sprintf("[template]\nsrc = \"hosts.tmpl\"\ndest = %q\nkeys = [\"/hosts\"]\n", d.path("out/"+hostsFile))
	for name, data := range map[string][]byte{
		"confd/templates/hosts.tmpl": template, "confd/conf.d/hosts.toml": []byte(resource), "agent.json": config,
	} {
		if err := os.WriteFile(d.path(name), data, 0o600); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(d.path("log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	d.cmd = exec.Command(b.program("drover-agent"), "run", "--socket", d.path("sock"), "--config", d.path("agent.json"),
		"--journal", d.path("journal"), "--state", d.path("state"), "--confdir", d.path("confd"))
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		d.cmd = nil
		return nil, err
	}
	for give := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, err := d.client.Status(ctx)
		if err == nil {
			return d, nil
		}
		if ctx.Err() != nil || time.Now().After(give) {
			return nil, fmt.Errorf("does not answer: %w", err)
		}
	}
}

func (d *daemon) path(name string) string { return filepath.Join(d.dir, name) }

// sync waits until the agent has applied the revision without a warning.
func (d *daemon) sync(ctx context.Context, revision int64) error {
	result, err := d.client.Sync(ctx, agentapi.SyncRequest{Revision: revision, TimeoutSec: 60})
	if err != nil {
		return err
	}
	for _, w := range result.Warnings {
		return fmt.Errorf("%s: %s: %s %s", w.Resource, w.What, w.Message, w.Output)
	}
	return nil
}

func (d *daemon) stop() error {
	if d.cmd == nil {
		return nil
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(20*time.Second, func() { _ = d.cmd.Process.Kill() })
	defer kill.Stop()
	return d.cmd.Wait()
}

// daemons are the agents of one measurement.
type daemons []*daemon

// startDaemons starts n agents and waits until all have applied revision 1.
func (b *bench) startDaemons(ctx context.Context, clusterID string, n int) (_ daemons, err error) {
	all := make(daemons, n)
	err = atOnce(n, func(i int) (err error) {
		if all[i], err = b.startDaemon(ctx, clusterID, i); err == nil {
			err = all[i].sync(ctx, 1)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, all.stop())
	}
	return all, nil
}

func (all daemons) stop() error {
	return atOnce(len(all), func(i int) error {
		if all[i] == nil {
			return nil
		}
		return all[i].stop()
	})
}
