package metad

import (
	"maps"
	"sync"
	"time"
)

// view is one state of the metadata, and a version that never repeats. Without root, keys lack the /self they are
// served under: adding it to every key would keep a second copy of all of them in memory.
type view struct {
	keys    map[string]string
	root    bool
	version int64
	next    chan struct{} // closed when a newer view replaces this one
}

// Tree holds the newest view; it is safe for concurrent use.
type Tree struct {
	mu  sync.Mutex
	now view
}

// NewTree makes an empty tree.
func NewTree() *Tree {
	return &Tree{now: view{version: time.Now().UnixMilli(), next: make(chan struct{})}}
}

// Set replaces what is served. With root the keys begin with /self or /clusters already; without, they are what
// templates see, and are served below /self. The map is kept and must not change.
func (t *Tree) Set(keys map[string]string, root bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if root == t.now.root && maps.Equal(keys, t.now.keys) {
		return
	}
	// Time-based, so that a version an earlier agent gave out does not come back after a restart.
	version := max(t.now.version+1, time.Now().UnixMilli())
	close(t.now.next)
	t.now = view{keys: keys, root: root, version: version, next: make(chan struct{})}
}

func (t *Tree) view() view {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}
