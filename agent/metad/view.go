package metad

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// view is one state of the metadata, and a version that never repeats. Without root, keys lack the /self they are
// served under: adding it to every key would keep a second copy of all of them in memory.
type view struct {
	keys    map[string]string
	secret  map[string]bool // of keys: for root alone
	root    bool
	version int64
	next    chan struct{} // closed when a newer view replaces this one
}

// Tree holds the newest view; it is safe for concurrent use.
type Tree struct {
	access func(*http.Request) access

	mu  sync.Mutex
	now view
}

// NewTree makes an empty tree.
func NewTree() *Tree {
	return &Tree{access: accessOf, now: view{version: time.Now().UnixMilli(), next: make(chan struct{})}}
}

// Set replaces what is served; secrets are the keys that only root may read. With root the keys begin with /self or
// /clusters already; without, they are what templates see, and are served below /self. The map is kept and must not
// change.
func (t *Tree) Set(keys map[string]string, secrets []string, root bool) {
	secret := map[string]bool{}
	for _, key := range secrets {
		secret[key] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if root == t.now.root && maps.Equal(keys, t.now.keys) && maps.Equal(secret, t.now.secret) {
		return
	}
	// Time-based, so that a version an earlier agent gave out does not come back after a restart.
	version := max(t.now.version+1, time.Now().UnixMilli())
	close(t.now.next)
	t.now = view{keys: keys, secret: secret, root: root, version: version, next: make(chan struct{})}
}

func (t *Tree) view() view {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// public is the view without its secrets.
func (v view) public() view {
	open := make(map[string]string, len(v.keys))
	for key, value := range v.keys {
		if !v.secret[key] {
			open[key] = value
		}
	}
	v.keys = open
	return v
}
