package fakes

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"drover/fault"
	"drover/lifecycle"
)

// Backups keeps the catalogue of backups in memory, with the semantics of metadata/store.
type Backups struct {
	mu      sync.Mutex
	index   uint64
	entries map[string]stored
}

// NewBackups makes an empty catalogue.
func NewBackups() *Backups { return &Backups{entries: map[string]stored{}} }

// Backup reads an entry and its index.
func (s *Backups) Backup(ctx context.Context, id string) (*lifecycle.Backup, uint64, error) {
	if err := check(ctx, id); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.entries[id]
	if !ok {
		return nil, 0, fault.New(fault.NotFound, "backup %s does not exist", id)
	}
	b := new(lifecycle.Backup)
	return b, have.index, json.Unmarshal(have.data, b)
}

// Backups reads all entries, ordered by id.
func (s *Backups) Backups(ctx context.Context) ([]lifecycle.Backup, error) {
	s.mu.Lock()
	ids := slices.Sorted(maps.Keys(s.entries))
	s.mu.Unlock()
	var out []lifecycle.Backup
	for _, id := range ids {
		b, _, err := s.Backup(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, *b)
	}
	return out, nil
}

// PutBackup writes an entry if it was not written since index. Writing what is stored already succeeds.
func (s *Backups) PutBackup(ctx context.Context, b lifecycle.Backup, index uint64) (uint64, error) {
	if err := check(ctx, b.ID); err != nil {
		return 0, err
	}
	data, err := json.Marshal(b)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, exists := s.entries[b.ID]
	switch {
	case now.index == index:
	case exists && bytes.Equal(now.data, data):
		return now.index, nil
	default:
		return 0, fault.New(fault.Conflict, "the entry of backup %s changed", b.ID)
	}
	s.index++
	s.entries[b.ID] = stored{data, s.index}
	return s.index, nil
}

// DropBackup removes an entry if it was not written since index.
func (s *Backups) DropBackup(ctx context.Context, id string, index uint64) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, exists := s.entries[id]; exists && now.index != index {
		return fault.New(fault.Conflict, "the entry of backup %s changed", id)
	}
	delete(s.entries, id)
	return nil
}

// Target keeps the objects of backups in memory.
type Target struct {
	mu      sync.Mutex
	objects map[string][]byte
}

// NewTarget makes an empty target.
func NewTarget() *Target { return &Target{objects: map[string][]byte{}} }

// Put implements target.Target.
func (t *Target) Put(ctx context.Context, name string, data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() == nil {
		t.objects[name] = bytes.Clone(data)
	}
	return ctx.Err()
}

// Get implements target.Target.
func (t *Target) Get(_ context.Context, name string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	data, ok := t.objects[name]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no object %s", name)
	}
	return bytes.Clone(data), nil
}

// Has implements target.Target.
func (t *Target) Has(_ context.Context, name string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.objects[name]
	return ok, nil
}

// List implements target.Target.
func (t *Target) List(_ context.Context, prefix string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(t.objects)), func(name string) bool { return !strings.HasPrefix(name, prefix) }), nil
}

// Delete implements target.Target.
func (t *Target) Delete(_ context.Context, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.objects, name)
	return nil
}

// Folders are the folders of nodes, as tar streams by node and path.
type Folders struct {
	mu   sync.Mutex
	have map[string][]byte
}

// NewFolders makes nodes without folders.
func NewFolders() *Folders { return &Folders{have: map[string][]byte{}} }

// Set makes a folder of a node, Get reads it; nil: there is none.
func (f *Folders) Set(node, dir string, stream []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.have[node+" "+dir] = stream
}

// Get gives a folder of a node; nil: there is none.
func (f *Folders) Get(node, dir string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.have[node+" "+dir]
}

// All counts the folders of all nodes.
func (f *Folders) All() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.have)
}

// ReadFolder implements backups.Nodes.
func (f *Folders) ReadFolder(_ context.Context, n lifecycle.Node, dir string, w io.Writer) error {
	stream := f.Get(n.ID, dir)
	if stream == nil {
		return fault.New(fault.NotFound, "%s has no folder %s", n.Label(), dir)
	}
	_, err := w.Write(stream)
	return err
}

// WriteFolder implements backups.Nodes.
func (f *Folders) WriteFolder(_ context.Context, n lifecycle.Node, dir string, r io.Reader) error {
	stream, err := io.ReadAll(r)
	if err == nil {
		f.Set(n.ID, dir, stream)
	}
	return err
}

// RemoveFolder implements backups.Nodes.
func (f *Folders) RemoveFolder(_ context.Context, n lifecycle.Node, dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.have, n.ID+" "+dir)
	return nil
}
