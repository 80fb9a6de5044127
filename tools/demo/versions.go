package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func (d *demo) snapshot(ctx context.Context) error {
	say("Take a snapshot before the upgrade, with a service that is the package's own idea")
	return d.must(ctx, d.drover, "run", cluster, "snapshot")
}

func (d *demo) upgrade(ctx context.Context) error {
	say("Upgrade etcd from 3.5 to 3.6 while a client writes, one node after the other; volumes and addresses stay")
	if err := d.publishVersion(ctx, packageOf("3.6"), "3.6"); err != nil {
		return err
	}
	err := d.whileWriting(ctx, func() error { return d.must(ctx, d.drover, "upgrade", cluster, "--to", "3.6") })
	if err != nil {
		return err
	}
	return d.check(ctx, 3, "3.6")
}

const (
	badVersion = "3.6-bad"
	badOutput  = "this version refuses to work on the second node"
)

func (d *demo) upgradeBadly(ctx context.Context) error {
	say("Upgrade to a version that fails on its second node, and have Drover bring the old one back")
	folder, err := d.badPackage()
	if err != nil {
		return err
	}
	if folder, err = filepath.Rel(d.stack.Root, folder); err != nil {
		return err
	}
	if err := d.publishVersion(ctx, folder, badVersion); err != nil {
		return err
	}
	code, err := d.show(ctx, d.drover, "upgrade", cluster, "--to", badVersion, "--on-failure", "rollback")
	if err != nil {
		return err
	}
	if code != 1 {
		return fmt.Errorf("the failing upgrade had to make drover end with exit code 1, and it was %d", code)
	}
	fmt.Println("  exit code 1, as it has to be")
	v, err := d.status(ctx)
	switch {
	case err != nil:
		return err
	case v.Operation == nil || v.Operation.Error == nil:
		return errors.New("drover status does not know why the upgrade failed")
	case !strings.Contains(v.Operation.Error.Output, badOutput):
		return fmt.Errorf("the upgrade failed for another reason than planned: %s: %s", v.Operation.Error.Message, v.Operation.Error.Output)
	}
	return d.check(ctx, 3, "3.6")
}

// badPackage makes a version whose upgrade fails on the second node, out of the good one.
func (d *demo) badPackage() (string, error) {
	folder := filepath.Join(d.stack.Dir, "etcd-"+badVersion)
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(d.stack.Root, packageOf("3.6")))); err != nil {
		return "", err
	}
	file := filepath.Join(folder, "cluster.json.mustache")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	const good = "/opt/app/bin/etcd-node upgrade"
	bad := fmt.Sprintf(`[ "$(sed -n s/^node=//p /etc/etcd/node)" = %s ] || exec %s; echo %s; exit 70`, d.nodes[1].NodeID, good, badOutput)
	for was, is := range map[string]any{good: bad, "3.5": "3.6"} {
		old, err := json.Marshal(was)
		if err != nil {
			return "", err
		}
		replaced, err := json.Marshal(is)
		if err != nil {
			return "", err
		}
		if n := strings.Count(string(text), string(old)); n != 1 {
			return "", fmt.Errorf("%s has %s %d times, and a bad version can only be made when it is there once", file, old, n)
		}
		text = []byte(strings.Replace(string(text), string(old), string(replaced), 1))
	}
	return folder, os.WriteFile(file, text, 0o600)
}
