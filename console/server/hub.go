package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"drover/client"
	wire "drover/console/api"
)

// hub has one watcher for each operation that is looked at, for any number of readers: Temporal and the workers are asked once.
type hub struct {
	ctx     context.Context
	client  *client.Client
	mu      sync.Mutex
	watched map[string]*watched
}

// event is the whole state of a resource, with an id that follows from it: a client that has it already needs no other.
type event struct {
	id   string
	data []byte
	end  bool
}

func eventOf(resource any, end bool) event {
	data, _ := json.Marshal(resource) // resources are plain data
	sum := sha256.Sum256(data)
	return event{hex.EncodeToString(sum[:8]), data, end}
}

type watched struct {
	readers int
	stop    context.CancelFunc
	latest  event
	err     error
	changed chan struct{} // closed at the next change, and replaced
}

func newHub(ctx context.Context, c *client.Client) *hub {
	return &hub{ctx: ctx, client: c, watched: map[string]*watched{}}
}

// join begins to read an operation; leave ends it. The last reader ends the watcher.
func (h *hub) join(cluster, run string) (leave func()) {
	id := wire.OperationID(cluster, run)
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[id]
	if w == nil {
		ctx, stop := context.WithCancel(h.ctx)
		w = &watched{stop: stop, changed: make(chan struct{})}
		h.watched[id] = w
		go h.watch(ctx, w, cluster, run)
	}
	w.readers++
	return sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if w.readers--; w.readers == 0 {
			w.stop()
			delete(h.watched, id)
		}
	})
}

func (h *hub) watch(ctx context.Context, w *watched, cluster, run string) {
	op, err := h.client.Operation(cluster, run).Follow(ctx, func(s client.Sight) {
		h.put(w, eventOf(wire.Operation{ID: wire.OperationID(cluster, run), Note: s.Note, Operation: s.Operation}, false), nil)
	})
	switch {
	case op != nil: // also one that failed
		h.put(w, eventOf(wire.Operation{ID: wire.OperationID(cluster, run), Operation: *op}, true), nil)
	case ctx.Err() == nil:
		h.put(w, event{}, err)
	}
}

func (h *hub) put(w *watched, e event, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.id == w.latest.id && e.end == w.latest.end && err == nil {
		return
	}
	if err == nil {
		w.latest = e
	}
	w.err = err
	close(w.changed)
	w.changed = make(chan struct{})
}

// latest is the newest event of an operation that was joined, and the channel that the next one closes.
func (h *hub) latest(cluster, run string) (event, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[wire.OperationID(cluster, run)]
	return w.latest, w.changed, w.err
}
