package main

import (
	"context"
	"fmt"
)

func (d *demo) powerCycle(ctx context.Context) error {
	say("Stop the cluster, machines off; nothing answers then")
	if err := d.must(ctx, d.drover, "stop", cluster); err != nil {
		return err
	}
	v, err := d.status(ctx)
	if err != nil {
		return err
	}
	if v.Cluster.State != "stopped" {
		return fmt.Errorf("the cluster has to be stopped, and it is %s", v.Cluster.State)
	}
	for _, endpoint := range d.endpoints() {
		if _, err := get(ctx, endpoint, allFrom, allTo); err == nil {
			return fmt.Errorf("the cluster is stopped and %s answers", endpoint)
		}
	}
	say("Start it again")
	if err := d.must(ctx, d.drover, "start", cluster); err != nil {
		return err
	}
	return d.check(ctx, 3, "3.6")
}
