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

// gates holds every command that begins on a node of the cluster until it may end. The begun commands are counted in the
// logs on the nodes' volumes: a command writes a line there before it reports, so one that dies in between is counted too.
type gates struct {
	machines *local.Provider
	cluster  string
	state    string // the worker's state folder
	kept     string // folder of links to the logs on volumes, which identify the volumes

	mu      sync.Mutex
	nodes   map[string]string // node id by volume id
	counted map[string]int    // number of commands of a volume that belong to earlier operations
	runs    []*commandRun     // of this operation
	decide  func(node, run string) (code int, open bool)
	err     error
}

// commandRun is a command that began. A killed one never ends.
type commandRun struct {
	id         int
	node, name string // the name is SERVICE.ID
	ended      bool
}

func newGates(machines *local.Provider, cluster, state, kept string) *gates {
	return &gates{machines: machines, cluster: cluster, state: state, kept: kept, nodes: map[string]string{}, counted: map[string]int{}}
}

// lookEvery is the interval at which a command at its gate checks whether it may end.
const lookEvery = 30 * time.Millisecond

// decides sets the function that decides whether a command on a node may end, and how.
func (g *gates) decides(decide func(node, run string) (code int, open bool)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.decide = decide
}

// begin holds a command at its gate. It also returns when the command is killed.
func (g *gates) begin(ctx context.Context, id int, e tracer.Event) (answer tracer.Answer) {
	r := &commandRun{id: id, node: e.Node, name: fmt.Sprintf("%s.%d", e.Command, id)}
	err := g.keep(ctx)
	if ctx.Err() != nil {
		err = nil // the command was killed
	}
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

// end records that a command ended by itself.
func (g *gates) end(id int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.runs {
		if r.id == id {
			r.ended = true
		}
	}
}

// keep links the logs of all volumes, so that the logs outlive the volumes.
func (g *gates) keep(ctx context.Context) error {
	all, err := g.machines.List(ctx, g.cluster)
	for _, v := range all.Volumes {
		linkErr := os.Link(g.logOf(v.ID), g.keptFile(v.ID))
		if errors.Is(linkErr, os.ErrNotExist) {
			continue // no command yet
		}
		if !errors.Is(linkErr, os.ErrExist) {
			err = errors.Join(err, linkErr)
		}
		g.mu.Lock()
		g.nodes[v.ID] = v.Tags.NodeID
		g.mu.Unlock()
	}
	return err
}

// logOf is the path of the log of commands on a volume.
func (g *gates) logOf(volume string) string {
	return filepath.Join(g.state, "volumes", volume, "data", filepath.Base(tracer.VolumeLog))
}

func (g *gates) keptFile(volume string) string { return filepath.Join(g.kept, volume) }

// begun counts the commands that began in this operation, by "node service".
func (g *gates) begun() (map[string]int, error) { return g.sum(func(string, int) {}) }

// count does the same and ends the operation: a command that begins between two operations is counted too.
func (g *gates) count() (map[string]int, error) {
	return g.sum(func(volume string, began int) { g.counted[volume], g.runs = began, nil })
}

// sum counts, and calls the function with the number of commands that have begun on each volume.
func (g *gates) sum(each func(volume string, began int)) (map[string]int, error) {
	err := g.keep(context.Background())
	g.mu.Lock()
	defer g.mu.Unlock()
	count := map[string]int{}
	for volume, node := range g.nodes {
		text, readErr := os.ReadFile(g.keptFile(volume))
		if readErr != nil {
			return nil, readErr
		}
		began := strings.Fields(string(text))
		for _, service := range began[g.counted[volume]:] {
			count[node+" "+service]++
		}
		each(volume, len(began))
	}
	return count, errors.Join(err, g.err)
}

// standing are the runs that began in this operation and have not ended, by node; runs of a node that lost power never end.
func (g *gates) standing() (map[string][]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	runs := map[string][]string{}
	for _, r := range g.runs {
		if !r.ended {
			runs[r.node] = append(runs[r.node], r.name)
		}
	}
	return runs, g.err
}

// service is the service of a run: stop for "stop.17".
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
