package views

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
)

const (
	// blocking is how long one query waits for a change.
	blocking = 5 * time.Minute
	// settle is the pause between two queries: changes that come close together are read together.
	settle = 100 * time.Millisecond
	// again is the pause after a failed query.
	again = 2 * time.Second
)

// Watcher has the views of all clusters. Run follows the changes; all methods are safe for concurrent use.
type Watcher struct {
	kv     *api.KV
	root   string
	logger *slog.Logger

	mu      sync.Mutex
	views   map[string]entry
	err     error         // of the last query; nil when it succeeded
	changed chan struct{} // closed at the next change, and replaced
	loaded  bool
}

// entry is a view with its live part, each with the index it was read with.
type entry struct {
	view  metadata.View
	live  metadata.Live
	index [2]uint64
}

// sees is what is shown of it.
func (e entry) sees() metadata.View { return e.view.With(e.live) }

// Policy is the policy of the Consul token of a watcher: it reads the views below prefix and nothing else.
func Policy(prefix string) string {
	return fmt.Sprintf("key_prefix %q { policy = \"list\" }", root(prefix))
}

func root(prefix string) string { return strings.Trim(prefix, "/") + "/views/" }

// NewWatcher returns a watcher of the views below prefix.
func NewWatcher(client *api.Client, prefix string, logger *slog.Logger) *Watcher {
	return &Watcher{
		kv: client.KV(), root: root(prefix), logger: logger,
		views: map[string]entry{}, changed: make(chan struct{}),
	}
}

// Run follows the changes until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	var index uint64
	for ctx.Err() == nil {
		pairs, meta, err := w.kv.List(w.root, (&api.QueryOptions{WaitIndex: index, WaitTime: blocking}).WithContext(ctx))
		pause := settle
		if err == nil {
			if index = meta.LastIndex; index < 1 { // Consul's advice: zero would not block
				index = 1
			}
			w.take(pairs)
		} else if ctx.Err() == nil {
			index, pause = 0, again // a restored Consul may count from lower
			w.fail(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// take replaces the views by those of one query. Only the changed ones are decoded.
func (w *Watcher) take(pairs api.KVPairs) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := make(map[string]entry, len(w.views))
	for _, kv := range pairs {
		id, live := strings.CutPrefix(strings.TrimPrefix(kv.Key, w.root), metadata.LiveFolder)
		have, now := w.views[id], next[id]
		switch {
		case live && have.index[1] == kv.ModifyIndex:
			now.live, now.index[1] = have.live, kv.ModifyIndex
		case live:
			now.live, now.index[1] = metadata.DecodeLive(id, kv.Value), kv.ModifyIndex
		case have.index[0] == kv.ModifyIndex:
			now.view, now.index[0] = have.view, kv.ModifyIndex
		default:
			now.index[0] = kv.ModifyIndex
			if err := json.Unmarshal(kv.Value, &now.view); err != nil || now.view.ClusterID != id {
				now.view = metadata.View{ClusterID: id, State: "unreadable", Reason: "the view in Consul cannot be read: " + kv.Key}
			}
		}
		next[id] = now
	}
	maps.DeleteFunc(next, func(_ string, e entry) bool { return e.index[0] == 0 }) // a live part that was left over
	differs := !w.loaded || w.err != nil || !maps.EqualFunc(next, w.views, func(x, y entry) bool { return x.index == y.index })
	w.views, w.err, w.loaded = next, nil, true
	if differs {
		w.notify()
	}
}

func (w *Watcher) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := fault.Unreachable
	var status api.StatusError
	if errors.As(err, &status) && (status.Code == 401 || status.Code == 403) {
		t = fault.Unauthorized
	}
	if w.err == nil && w.logger != nil {
		w.logger.Warn("the views of clusters cannot be read", "error", err)
	}
	w.err = fault.Wrap(err, t, "cannot read the views of clusters from Consul").
		WithHint("check CONSUL_HTTP_ADDR, and that the token may read the keys below %s", w.root)
	w.notify()
}

func (w *Watcher) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// ready waits for the first answer of Consul, and returns the channel that the next change closes.
func (w *Watcher) ready(ctx context.Context) (<-chan struct{}, error) {
	for {
		w.mu.Lock()
		loaded, err, changed := w.loaded, w.err, w.changed
		w.mu.Unlock()
		switch {
		case loaded && err == nil:
			return changed, nil
		case err != nil:
			return changed, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fault.Wrap(ctx.Err(), fault.Unreachable, "Consul has not answered yet")
		}
	}
}

// All are the views of all clusters, in no order. The slices and maps in them are shared: they must not be changed.
func (w *Watcher) All(ctx context.Context) ([]metadata.View, error) {
	if _, err := w.ready(ctx); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]metadata.View, 0, len(w.views))
	for _, e := range w.views {
		out = append(out, e.sees())
	}
	return out, nil
}

// One is the view of a cluster, and a channel that is closed at the next change of any cluster. NotFound: no such cluster.
func (w *Watcher) One(ctx context.Context, id string) (metadata.View, <-chan struct{}, error) {
	changed, err := w.ready(ctx)
	if err != nil {
		return metadata.View{}, changed, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.views[id]
	if !ok {
		return metadata.View{}, w.changed, fault.New(fault.NotFound, "cluster %s does not exist", id).At(id, "", "")
	}
	return e.sees(), w.changed, nil
}
