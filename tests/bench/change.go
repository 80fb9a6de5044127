package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"drover/metadata"
)

// changeTargets are how long a change may take to reach the rendered file (p50), by number of agents.
var changeTargets = map[int]float64{1: 5, 100: 60}

// pauseBetween lets agents end their passes, so that each change meets idle ones.
const pauseBetween = 100 * time.Millisecond

// change measures how long a metadata change takes to the nodes' files.
func (b *bench) change(ctx context.Context) error {
	fmt.Print(`
CHANGE    One node is added to, or removed from, the metadata of a cluster, and every agent renders a file with a line
          per node. Real Consul, one drover-agent process per node. Timed from just before metadata/store.Publish is
          called to the inotify event of the file's rename, per agent and change; "all" is the time of the last agent.
          Milliseconds.
`)
	for _, n := range b.agents {
		if err := b.changeOn(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) changeOn(ctx context.Context, n int) (err error) {
	id := fmt.Sprintf("cl-chg%05d", n)
	var trees [2]metadata.Tree // without and with one more node
	for i := range trees {
		if trees[i], err = treeOf(id, n+i); err != nil {
			return err
		}
	}
	diff := metadata.Diff(trees[0], trees[1])
	if err := b.publishFirst(ctx, id, trees[0]); err != nil {
		return err
	}
	all, err := b.startDaemons(ctx, id, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.stop(), b.store.Forget(context.WithoutCancel(ctx), id, benchRun)) }()
	watch, err := watchFiles(all)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watch.close()) }()

	load := loadAverage()
	var each, last, publish times
	for change := range b.changes {
		time.Sleep(pauseBetween)
		revision := int64(change) + 2
		begun := time.Now()
		if err := b.store.Publish(ctx, id, revision, benchRun, trees[revision%2^1]); err != nil {
			return err
		}
		publish = append(publish, time.Since(begun))
		seen, err := watch.round(ctx, n)
		if err != nil {
			return fmt.Errorf("change %d: %w", change+1, err)
		}
		var slowest time.Duration
		for _, at := range seen {
			each = append(each, at.Sub(begun))
			slowest = max(slowest, at.Sub(begun))
		}
		last = append(last, slowest)
	}
	fmt.Printf("\n%4d agents, %d changes of %d keys, load %.2f: p50 %s  p90 %s  p99 %s   all: p50 %s  p99 %s   publish alone: p50 %s\n",
		n, b.changes, len(diff.Set)+len(diff.Delete), load, ms(each.percentile(50)), ms(each.percentile(90)), ms(each.percentile(99)),
		ms(last.percentile(50)), ms(last.percentile(99)), ms(publish.percentile(50)))
	if target, ok := changeTargets[n]; ok {
		b.verdicts.add(fmt.Sprintf("change of %d keys to the file, %d agents, p50", len(diff.Set), n),
			float64(each.percentile(50).Microseconds())/1000, target, "ms")
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
