package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"drover/lifecycle"
	"drover/workflows/api"
)

// Targets of an installation of many clusters.
const (
	listTarget    = 300 // milliseconds, p95
	createFactor  = 1.1 // of the empty installation
	workerTarget  = 100 // MiB
	payloadTarget = 256 // KiB, where Temporal begins to warn
)

const (
	listRuns   = 40
	createRuns = 15
	writers    = 16
)

// manyClusters measures what one cluster more costs among thousands.
func (b *bench) manyClusters(ctx context.Context) error {
	fmt.Printf(`
SCALE     %d control records of 3-node clusters without machines, written as operations write them. Commands are run as
          a user runs them, as processes. Creations are of one node, %d times before and after the records, deleted again.
`, b.records, createRuns)
	if err := b.stack.StartWorker(ctx); err != nil {
		return err
	}
	if err := b.publish(ctx); err != nil {
		return err
	}
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	empty, err := b.creations(ctx, "e")
	if err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return err
	}
	full, err := b.creations(ctx, "f")
	if err != nil {
		return err
	}
	fmt.Printf("create, one node: p50 %s s in the empty installation, %s s among %d clusters\n", seconds(empty.percentile(50)), seconds(full.percentile(50)), b.records)
	b.verdicts.add(fmt.Sprintf("one-node create among %d clusters, p50, of that in an empty installation", b.records),
		full.percentile(50).Seconds()/empty.percentile(50).Seconds(), createFactor, "times")
	if err := b.commands(ctx); err != nil {
		return err
	}
	if err := b.pages(ctx); err != nil {
		return err
	}
	resident, err := memoryKiB(b.stack.WorkerPID(), "VmRSS")
	if err != nil {
		return err
	}
	peak, err := memoryKiB(b.stack.WorkerPID(), "VmHWM")
	if err != nil {
		return err
	}
	fmt.Printf("worker: %d MiB resident, %d MiB at most\n", resident>>10, peak>>10)
	b.verdicts.add("worker, resident at most", float64(peak>>10), workerTarget, "MiB")
	return nil
}

// creations creates and deletes clusters of one node, and returns how long the creations took.
func (b *bench) creations(ctx context.Context, mark string) (times, error) {
	var all times
	for i := range createRuns {
		id := fmt.Sprintf("cl-one%s%04d", mark, i)
		_, wall, err := b.createCluster(ctx, id, 1)
		if err != nil {
			return nil, err
		}
		all = append(all, wall)
		if err := b.deleteCluster(ctx, id); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fill writes the records: copies of a real one, of a cluster that is stopped and has no machines.
func (b *bench) fill(ctx context.Context) error {
	const id = "cl-template"
	if _, _, err := b.createCluster(ctx, id, 3); err != nil {
		return err
	}
	template, _, err := b.store.Record(ctx, id)
	if err != nil {
		return err
	}
	if err := b.deleteCluster(ctx, id); err != nil {
		return err
	}
	begun := time.Now()
	var size int
	writing, ctx := errgroup.WithContext(ctx)
	writing.SetLimit(writers)
	for i := range b.records {
		rec, err := template.Clone()
		if err != nil {
			return err
		}
		rec.ClusterID, rec.Name = fmt.Sprintf("cl-s%07d", i), fmt.Sprintf("orders-%d", i)
		rec.State, rec.PoweredOff = lifecycle.Stopped, true
		rec.Labels = map[string]string{"team": fmt.Sprintf("team-%d", i%100)}
		for n := range rec.Nodes {
			node := &rec.Nodes[n]
			node.ID, node.InstanceID = fmt.Sprintf("cln-%06d%02d", i, n), fmt.Sprintf("i-%06d%02d", i, n)
			node.VolumeIDs, node.GSID = nil, 100_000_000+i*100+n
		}
		if i == 0 {
			text, err := json.Marshal(rec)
			if err != nil {
				return err
			}
			size = len(text)
		}
		writing.Go(func() error {
			_, err := b.store.PutClaiming(ctx, rec, 0, lifecycle.Claims{})
			return err
		})
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	fmt.Printf("records: %d of %d bytes, written in %.1f s by %d writers\n", b.records, size, time.Since(begun).Seconds(), writers)
	return nil
}

// commands measures what users type.
func (b *bench) commands(ctx context.Context) error {
	fmt.Println()
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "command\truns\tp50\tp95\toutput")
	for _, c := range []struct {
		args    string
		runs    int
		target  int
		failing bool
	}{
		{"list", listRuns, listTarget, false},
		{"status orders-7", listRuns, 0, false},
		{"list --label team=team-7", 10, 0, false},
		{"list --sort name", 10, 0, false},
		{"list -o json", 5, 0, false},
		{"orphans", 10, 0, false},
		{"doctor", 1, 0, true}, // it finds that no cluster has machines
	} {
		if c.args == "doctor" && !b.doctor {
			continue
		}
		var all times
		var printed int
		for range c.runs {
			begun := time.Now()
			n, err := b.drover(ctx, strings.Fields(c.args), c.failing)
			if err != nil {
				return err
			}
			all, printed = append(all, time.Since(begun)), n
		}
		fmt.Fprintf(t, "drover %s\t%d\t%s s\t%s s\t%d KiB\n", c.args, c.runs, seconds(all.percentile(50)), seconds(all.percentile(95)), printed>>10)
		if c.target > 0 {
			b.verdicts.add(fmt.Sprintf("drover %s among %d clusters, p95", c.args, b.records), float64(all.percentile(95).Milliseconds()), float64(c.target), "ms")
		}
	}
	return t.Flush()
}

// drover runs a command and returns the size of its output. One that finds something may end with code 1.
func (b *bench) drover(ctx context.Context, args []string, finds bool) (int, error) {
	cmd := exec.CommandContext(ctx, b.stack.Binary("drover"), args...)
	cmd.Env = append(os.Environ(), b.stack.Env()...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var exit *exec.ExitError
	if finds && errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return 0, fmt.Errorf("drover %s: %w: %s", strings.Join(args, " "), err, problems.String())
	}
	return out.Len(), nil
}

// pages reads the whole list, and reports the largest payload.
func (b *bench) pages(ctx context.Context) error {
	var sizes []int
	clusters := 0
	in := api.ListClustersInput{}
	for {
		var list api.ClusterList
		if _, _, err := b.execute(ctx, fmt.Sprintf("read/bench-%d", len(sizes)), api.ListClusters, in, &list); err != nil {
			return err
		}
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		sizes, clusters = append(sizes, len(text)), clusters+len(list.Clusters)
		if in.After = list.Next; in.After == "" {
			break
		}
	}
	if clusters != b.records {
		return fmt.Errorf("the pages have %d of %d clusters", clusters, b.records)
	}
	fmt.Printf("pages: %d for all clusters, the largest %d KiB\n", len(sizes), slices.Max(sizes)>>10)
	b.verdicts.add("largest page of a list", float64(slices.Max(sizes)>>10), payloadTarget, "KiB")
	return nil
}
