package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// stagesPerCreation is how many order groups run on every node: pre_check and command of init and of start.
const stagesPerCreation = 4

// Targets of a creation by number of nodes, in seconds without provisioning, and the events of the largest.
var (
	createTargets = map[int]float64{10: 0.5, 50: 1.4, 200: 5}
	eventTarget   = 60
	// Measured elsewhere on the same kind of machine; quoted, not measured here.
	quotedRaw     = map[int]float64{10: 0.25, 50: 0.76, 200: 3.0}
	quotedAnsible = map[int]float64{10: 5, 50: 22, 200: 93}
)

// create measures CreateCluster.
func (b *bench) create(ctx context.Context) error {
	server := "OpenSSH " + b.sshd
	if b.sshd == "" {
		server = "BUILT-IN SSH SERVER (not OpenSSH)"
	}
	fmt.Printf(`
CREATE    CreateCluster of a package whose services are all "true": %d stages, each on every node, one after the other
          (pre_check and command of init, then of start). Nodes are sandboxes on this machine, each reached through its
          own %s. Times in seconds. "rest" is the whole workflow as its starter sees it without CC1
          (provisioning); its parts are the activities' times, "temporal" is everything between them.
          "raw Go": x/crypto/ssh on the same nodes in the same run, dials included, %d rounds of "true" on all nodes.
          "quoted": measured earlier elsewhere on the same kind of machine: raw Go, and Ansible at its best settings.
`, stagesPerCreation, server, stagesPerCreation)
	if err := b.stack.StartWorker(ctx); err != nil {
		return err
	}
	if err := b.publish(ctx); err != nil {
		return err
	}
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	for _, nodes := range b.nodes {
		if err := b.createSize(ctx, nodes); err != nil {
			return err
		}
	}
	return nil
}

// warmUp lets everybody read their programs from disk once.
func (b *bench) warmUp(ctx context.Context) error {
	const id = "cl-warmup00"
	if _, _, err := b.createCluster(ctx, id, 2); err != nil {
		return err
	}
	return b.deleteCluster(ctx, id)
}

func (b *bench) createSize(ctx context.Context, nodes int) error {
	fmt.Println()
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join([]string{"nodes", "load", "provisioning", "rest", "metadata CC2", "agents CC3", "stages CC4", "records", "temporal", "events", "history", "raw Go", ""}, "\t"))
	var rests, raws []time.Duration
	events := 0
	for run := range b.runs {
		load := loadAverage()
		id := fmt.Sprintf("cl-b%04dr%02d", nodes, run)
		done, wall, err := b.createCluster(ctx, id, nodes)
		if err != nil {
			return err
		}
		s, err := b.splitOf(ctx, done, wall)
		if err != nil {
			return err
		}
		raw, err := b.rawSSH(ctx, id)
		if err != nil {
			return err
		}
		if err := b.deleteCluster(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(t, "%d\t%.2f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d KiB\t%s\t\n", nodes, load, seconds(s.provision), seconds(s.rest()),
			seconds(s.metadata), seconds(s.agents), seconds(s.stages), seconds(s.records), seconds(s.temporal()), s.events, s.bytes>>10, seconds(raw))
		rests, raws, events = append(rests, s.rest()), append(raws, raw), s.events
	}
	if err := t.Flush(); err != nil {
		return err
	}
	best, raw := slices.Min(rests), slices.Min(raws)
	fmt.Printf("%d nodes, best of %d: %s s; raw Go %s s, so %.2f times that", nodes, b.runs, seconds(best), seconds(raw), best.Seconds()/raw.Seconds())
	if quotedRaw[nodes] > 0 {
		fmt.Printf("; quoted: raw Go %.2f s, Ansible %.0f s", quotedRaw[nodes], quotedAnsible[nodes])
	}
	fmt.Println()
	if target, ok := createTargets[nodes]; ok {
		b.verdicts.add(fmt.Sprintf("CreateCluster, %d nodes, without provisioning", nodes), best.Seconds(), target, "s")
	}
	if nodes == slices.Max(b.nodes) {
		b.verdicts.add(fmt.Sprintf("history events, %d nodes", nodes), float64(events), float64(eventTarget), "events")
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
