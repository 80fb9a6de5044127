package reader

import (
	"context"
	"strconv"
	"strings"
	"time"

	"drover/fault"
	"drover/metadata/pack"
)

// longPoll is the duration of one blocking query. Another query is cheap, and its end reveals a lost connection.
const longPoll = 3 * time.Minute

// watch is the result of the last read of a revision key.
type watch struct {
	revision int64
	index    uint64
}

// WaitRevision blocks until the cluster's published revision differs from after, and returns it. A missing revision (not
// registered yet, or removed) counts as 0: WaitRevision(ctx, id, 0) waits for the first one, and a waiting caller gets 0
// when the cluster is deregistered.
//
// Any error ends the wait; the caller backs off and calls again. Unreachable faults cover a Consul that is down or
// starting, and the end of ctx (errors.Is finds context.Canceled).
func (r *Reader) WaitRevision(ctx context.Context, clusterID string, after int64) (int64, error) {
	for {
		seen := r.watched(clusterID)
		index := seen.index
		if seen.revision != after {
			index = 0 // the last read is not the caller's revision: read without waiting
		}
		now, err := r.revision(ctx, clusterID, index, false)
		// A Consul that has just started can return an older or empty state for a moment. Only a confirmed read may move a
		// node to an older revision.
		if err == nil && (now.revision < after || now.revision < seen.revision) {
			now, err = r.revision(ctx, clusterID, 0, true)
		}
		if err != nil {
			r.forget(clusterID)
			return 0, err
		}
		if now.index < index {
			now.index = 0 // the index decreased: Consul lost or replaced its state
		}
		r.remember(clusterID, now)
		if now.revision != after {
			return now.revision, nil
		}
	}
}

// revision reads the revision key; with an index it waits for a change first.
func (r *Reader) revision(ctx context.Context, clusterID string, index uint64, consistent bool) (watch, error) {
	q := query{key: r.key(clusterID, pack.RevisionKey), index: index, consistent: consistent}
	if index > 0 {
		q.wait = longPoll
	}
	a, err := r.get(ctx, q)
	if err != nil {
		return watch{}, err
	}
	w := watch{index: max(a.index, 1)}
	if a.found {
		if w.revision, err = parseRevision(a.body); err != nil {
			return watch{}, fault.New(fault.Internal, "Consul key %s does not hold a revision: %q", q.key, a.body)
		}
	}
	return w, nil
}

func parseRevision(b []byte) (int64, error) {
	return strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
}

func (r *Reader) watched(clusterID string) watch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watches[clusterID]
}

func (r *Reader) remember(clusterID string, w watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watches[clusterID] = w
}

// forget drops the index after a failure, so that the next call reads before it waits. The revision stays: it detects an
// older revision, which needs a confirmed read.
func (r *Reader) forget(clusterID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.watches[clusterID]
	w.index = 0
	r.watches[clusterID] = w
}
