package endtoend

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// processWatch looks at the arguments and the environment of every process of the machine, again and again.
type processWatch struct {
	mu sync.Mutex
	// arguments must be in no process's arguments; own not those of Drover's programs; environment in no process's environment but
	// that of a worker (which what a worker starts has too, between fork and exec).
	arguments, own, environment map[string]string
	found                       map[string]bool
	passes                      int
}

func newProcessWatch() *processWatch {
	return &processWatch{arguments: map[string]string{}, own: map[string]string{}, environment: map[string]string{}, found: map[string]bool{}}
}

// add is more to look for, from now on.
func (w *processWatch) add(to *map[string]string, name, word string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	(*to)[name] = word
}

// run looks until stop is called.
func (w *processWatch) run(t *testing.T) (stop func() []string) {
	t.Helper()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			w.look()
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() []string {
		close(done)
		<-ended
		var out []string
		for what := range w.found {
			out = append(out, what)
		}
		return out
	}
}

func (w *processWatch) look() {
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passes++
	for _, proc := range procs {
		args, err := os.ReadFile(proc + "/cmdline")
		if err != nil || len(args) == 0 {
			continue
		}
		program, _, _ := bytes.Cut(args, []byte{0})
		w.search(args, w.arguments, program, "an argument")
		name := filepath.Base(string(program))
		if strings.Contains(name, "drover") {
			w.search(args, w.own, program, "an argument")
		}
		if name != "drover-worker" {
			env, _ := os.ReadFile(proc + "/environ")
			w.search(env, w.environment, program, "the environment")
		}
	}
}

func (w *processWatch) search(in []byte, words map[string]string, program []byte, where string) {
	for name, word := range words {
		if bytes.Contains(in, []byte(word)) {
			w.found[fmt.Sprintf("%s is in %s of %s", name, where, program)] = true
		}
	}
}
