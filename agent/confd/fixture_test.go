package confd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/agent/api"
)

// node is a configuration folder, a place for destinations, a clock and a recording runner.
type node struct {
	t     testing.TB
	conf  string
	out   string
	state string
	clock time.Time
	*recorder
	*Engine
	kv map[string]string
}

func newNode(t testing.TB) *node {
	dir := t.TempDir()
	n := &node{
		t: t, conf: filepath.Join(dir, "confd"), out: filepath.Join(dir, "out"), state: filepath.Join(dir, "state", "applied.json"),
		clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), recorder: &recorder{}, kv: map[string]string{},
	}
	n.restart()
	return n
}

// restart is a new process over the same files.
func (n *node) restart() {
	n.Engine = New(Options{ConfDir: n.conf, StateFile: n.state, Runner: n.recorder, Now: func() time.Time { return n.clock }})
}

// write puts a file below the configuration folder.
func (n *node) write(name, text string) {
	n.t.Helper()
	path := filepath.Join(n.conf, name)
	require.NoError(n.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(n.t, os.WriteFile(path, []byte(text), 0o644))
}

// resource adds conf.d/NAME.toml writing out/NAME from a template, with more fields.
func (n *node) resource(name, template string, fields ...string) {
	n.t.Helper()
	n.write("templates/"+name+".tmpl", template)
	n.write("conf.d/"+name+".toml", fmt.Sprintf("[template]\nsrc = %q\ndest = %q\nkeys = [\"/\"]\n%s\n",
		name+".tmpl", n.path(name), strings.Join(fields, "\n")))
}

func (n *node) path(name string) string { return filepath.Join(n.out, name) }

func (n *node) read(name string) string {
	n.t.Helper()
	text, err := os.ReadFile(n.path(name))
	require.NoError(n.t, err)
	return string(text)
}

func (n *node) apply() Result {
	n.t.Helper()
	r, err := n.Apply(n.t.Context(), 1, n.kv)
	require.NoError(n.t, err)
	n.noStagedFiles()
	return r
}

func (n *node) noStagedFiles() {
	n.t.Helper()
	_ = filepath.WalkDir(n.out, func(path string, _ os.DirEntry, _ error) error {
		require.NotContains(n.t, path, stagedPrefix)
		return nil
	})
}

func whats(warnings []api.Warning) (all []string) {
	for _, w := range warnings {
		all = append(all, w.Resource+" "+w.What)
	}
	return all
}

// recorder is a Runner that answers as a test says.
type recorder struct {
	mu   sync.Mutex
	ran  []string
	fail map[string]string // command → output; fails with exit code 1
	do   func(c Command)
}

func (r *recorder) Run(_ context.Context, c Command) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = append(r.ran, c.Line)
	if r.do != nil {
		r.do(c)
	}
	if output, fails := r.fail[c.Line]; fails {
		fmt.Fprint(c.Output, output)
		return errors.New("exit code 1")
	}
	return nil
}

// took gives what ran since the last call.
func (r *recorder) took() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ran := r.ran
	r.ran = nil
	return ran
}
