package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const precious = "/protected/invoice"

func (d *demo) refuse(ctx context.Context) error {
	say("Store something precious and try to delete the cluster: the package's guard says no, and nothing was touched")
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "put", precious, "paid"); err != nil {
		return err
	}
	code, err := d.show(ctx, d.drover, "delete", cluster, "--yes")
	if err != nil {
		return err
	}
	if code != 1 {
		return fmt.Errorf("the guard had to make drover delete end with exit code 1, and it was %d", code)
	}
	fmt.Println("  exit code 1, as it has to be")
	v, err := d.status(ctx)
	switch {
	case err != nil:
		return err
	case v.Operation == nil || v.Operation.Error == nil:
		return errors.New("drover status does not know why the deletion failed")
	case !strings.Contains(v.Operation.Error.Output, "1 key under /protected"):
		return fmt.Errorf("the deletion failed for another reason than the guard: %s: %s", v.Operation.Error.Message, v.Operation.Error.Output)
	}
	return d.check(ctx, len(d.nodes), v.Cluster.Version)
}

func (d *demo) remove(ctx context.Context) error {
	say("Take the key away and delete again")
	if err := d.must(ctx, d.etcdctl, "--endpoints", d.endpoint(0), "del", precious); err != nil {
		return err
	}
	return d.must(ctx, d.drover, "delete", cluster, "--yes")
}
