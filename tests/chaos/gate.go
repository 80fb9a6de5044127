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

	"golang.org/x/sys/unix"

	"drover/providers/local"
)

// gates sees every command that begins on a node of the cluster, and lets it end.
type gates struct {
	machines *local.Provider
	cluster  string
	state    string // the worker's state folder
	kept     string // where what nodes wrote outlives their volumes: links to the same files

	mu     sync.Mutex
	nodes  map[string]string // node id by volume id
	told   map[string]int    // how many of a volume's commands were counted, and belong to operations that are over
	decide func(node, run string) (code int, open bool)
	err    error
}

func newGates(machines *local.Provider, cluster, state, kept string) *gates {
	return &gates{machines: machines, cluster: cluster, state: state, kept: kept, nodes: map[string]string{}, told: map[string]int{}}
}

// lookEvery is how often gates are visited.
const lookEvery = 30 * time.Millisecond

// decides sets who says how a command on a node ends, and whether it may yet.
func (g *gates) decides(decide func(node, run string) (code int, open bool)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.decide = decide
}

// serve visits gates until the context ends.
func (g *gates) serve(ctx context.Context) {
	for ctx.Err() == nil {
		if err := g.visit(ctx); err != nil && ctx.Err() == nil {
			g.mu.Lock()
			g.err = errors.Join(g.err, err)
			g.mu.Unlock()
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
	}
}

func (g *gates) visit(ctx context.Context) error {
	all, err := g.machines.List(ctx, g.cluster)
	if err != nil {
		return err
	}
	for _, v := range all.Volumes {
		data := filepath.Join(g.state, "volumes", v.ID, "data")
		err := os.Link(filepath.Join(data, "trace"), g.keptFile(v.ID))
		if errors.Is(err, os.ErrNotExist) {
			continue // no command yet
		}
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		g.mu.Lock()
		g.nodes[v.ID] = v.Tags.NodeID
		g.mu.Unlock()
		began, ended, err := g.read(v.ID)
		if err != nil {
			return err
		}
		g.stand(v.ID, data, began, ended)
	}
	return nil
}

// stand opens the gates of a node that may be opened.
func (g *gates) stand(volume, data string, began []string, ended map[string]bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, run := range began[g.told[volume]:] {
		if ended[run] {
			continue
		}
		code, open := g.decide(g.nodes[volume], run)
		if !open {
			continue
		}
		// Nobody reads when the command is not at its gate yet, or was killed: the next visit tries again.
		if pipe, err := os.OpenFile(filepath.Join(data, run), os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil {
			fmt.Fprintln(pipe, code)
			_ = pipe.Close()
		}
	}
}

// begun counts the commands that began in this operation, by "node service".
func (g *gates) begun() (map[string]int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sinceTold(func(string, int) {})
}

// count does the same and ends the operation: not even a command that begins between two of them is lost.
func (g *gates) count() (map[string]int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sinceTold(func(volume string, began int) { g.told[volume] = began })
}

// standing are the runs that began in this operation and have not ended, by node: those of a node that lost power never will.
func (g *gates) standing() (map[string][]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	runs := map[string][]string{}
	for volume, node := range g.nodes {
		began, ended, err := g.read(volume)
		if err != nil {
			return nil, err
		}
		for _, run := range began[g.told[volume]:] {
			if !ended[run] {
				runs[node] = append(runs[node], run)
			}
		}
	}
	return runs, nil
}

// sinceTold counts, and tells how many began on each volume. The caller holds the lock.
func (g *gates) sinceTold(tell func(volume string, began int)) (map[string]int, error) {
	count := map[string]int{}
	for volume, node := range g.nodes {
		began, _, err := g.read(volume)
		if err != nil {
			return nil, err
		}
		for _, run := range began[g.told[volume]:] {
			count[node+" "+service(run)]++
		}
		tell(volume, len(began))
	}
	return count, g.err
}

func (g *gates) keptFile(volume string) string { return filepath.Join(g.kept, volume) }

// read are the commands that began on a volume, in order, and which of them ended.
func (g *gates) read(volume string) (began []string, ended map[string]bool, err error) {
	text, err := os.ReadFile(g.keptFile(volume))
	if err != nil {
		return nil, nil, err
	}
	ended = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		word, run, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "begin":
			began = append(began, run)
		case "end":
			ended[run] = true
		default:
			return nil, nil, fmt.Errorf("%s has a line %q, which no command wrote", g.keptFile(volume), line)
		}
	}
	return began, ended, nil
}

// service is what a run is of: "stop.17.1790" is stop.
func service(run string) string {
	name, _, _ := strings.Cut(run, ".")
	return name
}
