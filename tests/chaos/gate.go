package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"drover/providers/local"
	"drover/tests/tracer"
)

// gates holds every command that begins on a node of the cluster until it may end.
type gates struct {
	machines *local.Provider
	cluster  string
	state    string // the worker's state folder
	kept     string // links to the logs on volumes, by which a volume is known

	mu     sync.Mutex
	runs   []*commandRun
	told   int // how many of them were counted, and belong to operations that are over
	decide func(node, run string) (code int, open bool)
	err    error
}

// commandRun is a command that began. One that was killed never ends.
type commandRun struct {
	id         int
	node, name string // the name is SERVICE.ID
	ended      bool
}

func newGates(machines *local.Provider, cluster, state, kept string) *gates {
	return &gates{machines: machines, cluster: cluster, state: state, kept: kept}
}

// lookEvery is how often a command at its gate asks whether it may end.
const lookEvery = 30 * time.Millisecond

// decides sets who decides how a command on a node ends, and whether it may yet.
func (g *gates) decides(decide func(node, run string) (code int, open bool)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.decide = decide
}

// begin holds a command at its gate. It ends when the command is killed, too.
func (g *gates) begin(ctx context.Context, id int, e tracer.Event) (answer tracer.Answer) {
	r := &commandRun{id: id, node: e.Node, name: fmt.Sprintf("%s.%d", e.Command, id)}
	err := g.keep(ctx, e.Node)
	g.mu.Lock()
	g.runs = append(g.runs, r)
	g.err = errors.Join(g.err, err)
	g.mu.Unlock()
	for {
		g.mu.Lock()
		code, open := g.decide(r.node, r.name)
		g.mu.Unlock()
		if open {
			answer.Exit = code
			return answer
		}
		select {
		case <-ctx.Done():
			return answer
		case <-time.After(lookEvery):
		}
	}
}

// end notes that a command ended by itself.
func (g *gates) end(id int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.runs {
		if r.id == id {
			r.ended = true
		}
	}
}

// keep links the log on a node's volume when its first command begins.
func (g *gates) keep(ctx context.Context, node string) error {
	all, err := g.machines.List(ctx, g.cluster)
	if err != nil && ctx.Err() != nil {
		return nil // the command was killed
	}
	for _, v := range all.Volumes {
		if v.Tags.NodeID != node {
			continue
		}
		if linkErr := os.Link(g.logOf(v.ID), g.keptFile(v.ID)); linkErr != nil && !errors.Is(linkErr, os.ErrExist) {
			err = errors.Join(err, linkErr)
		}
	}
	return err
}

// logOf is what commands write on a volume.
func (g *gates) logOf(volume string) string {
	return filepath.Join(g.state, "volumes", volume, "data", filepath.Base(tracer.VolumeLog))
}

func (g *gates) keptFile(volume string) string { return filepath.Join(g.kept, volume) }

// begun counts the commands that began in this operation, by "node service".
func (g *gates) begun() (map[string]int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	count := map[string]int{}
	for _, r := range g.runs[g.told:] {
		count[r.node+" "+service(r.name)]++
	}
	return count, g.err
}

// count does the same and ends the operation: not even a command that begins between two of them is lost.
func (g *gates) count() (map[string]int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	count := map[string]int{}
	for _, r := range g.runs[g.told:] {
		count[r.node+" "+service(r.name)]++
	}
	g.told = len(g.runs)
	return count, g.err
}

// standing are the runs that began in this operation and have not ended, by node: those of a node that lost power never will.
func (g *gates) standing() (map[string][]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	runs := map[string][]string{}
	for _, r := range g.runs[g.told:] {
		if !r.ended {
			runs[r.node] = append(runs[r.node], r.name)
		}
	}
	return runs, g.err
}

// service is what a run is of: "stop.17" is stop.
func service(run string) string {
	name, _, _ := strings.Cut(run, ".")
	return name
}

// Begin finds the cluster of a command.
func (w *World) Begin(ctx context.Context, id int, e tracer.Event) (tracer.Answer, error) {
	w.mu.Lock()
	g := w.gates[e.Cluster]
	if g != nil {
		w.commands[id] = g
	}
	w.mu.Unlock()
	if g == nil {
		return tracer.Answer{}, fmt.Errorf("there is no cluster %q", e.Cluster)
	}
	return g.begin(ctx, id, e), nil
}

// End finds the cluster of a command.
func (w *World) End(id int) {
	w.mu.Lock()
	g := w.commands[id]
	delete(w.commands, id)
	w.mu.Unlock()
	if g != nil {
		g.end(id)
	}
}
