package static

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
	"drover/remote/target"
)

// memory is a Book.
type memory struct {
	mu    sync.Mutex
	text  []byte
	index uint64
}

func (m *memory) Get(context.Context) ([]byte, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, m.index, nil
}

func (m *memory) Put(_ context.Context, text []byte, index uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if index != m.index {
		return fault.New(fault.Conflict, "changed")
	}
	m.text, m.index = text, index+1
	return nil
}

// answers is a Shell that runs nothing.
type answers struct {
	run   func(at target.Target, script string) (Result, error)
	reach func(at target.Target) error
}

func (a answers) Run(_ context.Context, at target.Target, script string) (Result, error) {
	if a.run == nil {
		return Result{}, nil
	}
	return a.run(at, script)
}

func (a answers) Reach(_ context.Context, at target.Target) error {
	if a.reach == nil {
		return nil
	}
	return a.reach(at)
}

// over makes a provider of its own over a book: another worker.
func over(t *testing.T, inventory string, book Book, shell Shell) *Provider {
	t.Helper()
	p, err := New(Options{Inventory: inventory, Book: book, Shell: shell})
	require.NoError(t, err)
	return p
}
