package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/metadata/store"
	"drover/providers"
	"drover/providers/conformance"
	"drover/providers/static"
	"drover/remote/target"
	"drover/tests/stack/consultest"
)

// TestStaticConformance runs the suite of all providers over existing machines, with the worker's own record of
// reservations and its own SSH connections.
func TestStaticConformance(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("no machines are made with -short")
	}
	const many, instances = 4, 2 // machines per test of the suite: one test needs many, the others at most instances
	hosts := many + instances*min(testsAtOnce(t), 24)
	g := giveHosts(t, hosts, "127.93.10.0/25", "on_release: wipe\n", "cpu: 8, memory: 4096")
	_, client := consultest.Start(t)
	book := store.New(client, consultest.Prefix()).Document("hosts")
	open := func(t *testing.T, cut *cutting) *static.Provider {
		p, err := static.New(static.Options{Inventory: g.inventory, Book: cutBook{book, cut}, Shell: cutShell{shell{g.pool}, cut}})
		require.NoError(t, err)
		return p
	}
	before := g.trees(t)
	conformance.Run(t, conformance.Harness{
		Open:  func(t *testing.T) providers.Provider { return open(t, nil) },
		Image: "one", OtherImage: "two", Fixed: true, Many: many,
		Interrupted: func(t *testing.T, steps int) providers.Provider { return open(t, &cutting{left: steps}) },
		Leftovers: func(ctx context.Context) ([]string, error) {
			var left []string
			text, _, err := book.Get(ctx)
			if string(text) != `{"instances":{},"volumes":{}}` {
				left = append(left, "the record: "+string(text))
			}
			return left, err
		},
	})
	if !t.Failed() {
		require.Equal(t, before, g.trees(t), "a released host is not as it was")
	}
}

// testsAtOnce is the number of parallel tests.
func testsAtOnce(t *testing.T) int {
	t.Helper()
	n, ok := flag.Lookup("test.parallel").Value.(flag.Getter).Get().(int)
	require.True(t, ok)
	return n
}

// cutting makes a provider die after a number of steps; nil never does.
type cutting struct {
	mu   sync.Mutex
	left int
}

var errCut = errors.New("cut here")

func (c *cutting) step(what string) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return fmt.Errorf("%w: %s", errCut, what)
	}
	c.left--
	return nil
}

// cutBook may die before a change is written and after.
type cutBook struct {
	static.Book
	cut *cutting
}

func (b cutBook) Put(ctx context.Context, text []byte, index uint64) error {
	if err := b.cut.step("before writing"); err != nil {
		return err
	}
	if err := b.Book.Put(ctx, text, index); err != nil {
		return err
	}
	return b.cut.step("after writing")
}

// cutShell may die before a script has run and after.
type cutShell struct {
	static.Shell
	cut *cutting
}

func (s cutShell) Run(ctx context.Context, at target.Target, script string) (static.Result, error) {
	if err := s.cut.step("before a script"); err != nil {
		return static.Result{}, err
	}
	r, err := s.Shell.Run(ctx, at, script)
	if err != nil {
		return r, err
	}
	return r, s.cut.step("after a script")
}
