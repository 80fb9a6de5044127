package reader

import (
	"context"

	"drover/fault"
	"drover/metadata/pack"
)

// Snapshot is the published metadata of a cluster and the clusters it links to. It is immutable.
type Snapshot struct {
	ClusterID string
	// Revision is the revision of the cluster; a change of a linked cluster does not change it (see Linked).
	Revision int64

	own   *tree
	links []link
}

// link is one entry of /links; its tree is nil when the linked cluster does not exist.
type link struct {
	name, clusterID string
	tree            *tree
}

// Linked returns the revision of every linked cluster that exists, by cluster id. WaitRevision with them waits for a
// change of /links.
func (s *Snapshot) Linked() map[string]int64 {
	out := map[string]int64{}
	for _, l := range s.links {
		if l.tree != nil {
			out[l.clusterID] = l.tree.revision
		}
	}
	return out
}

// Snapshot reads the newest published tree. It is always one whole revision: during an unfinished publish it returns the
// last complete revision if its packed form exists, and otherwise waits for the end of the publish. A cluster that was
// never published, or was removed, is a NotFound fault.
func (r *Reader) Snapshot(ctx context.Context, clusterID string) (*Snapshot, error) {
	own, err := r.load(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{ClusterID: clusterID, Revision: own.revision, own: own}
	for _, e := range own.below("/self/links/") {
		l := link{name: e.Key[len("/self/links/"):], clusterID: e.Value}
		switch l.tree, err = r.load(ctx, l.clusterID); {
		case fault.Is(err, fault.NotFound):
			l.tree = nil
		case err != nil:
			return nil, fault.Wrap(err, fault.Unreachable, "link %s of %s", l.name, clusterID)
		}
		s.links = append(s.links, l)
	}
	return s, nil
}

// load updates the cached tree of a cluster from the cheapest available source: the recent changes, the packed tree, or
// the documented keys.
func (r *Reader) load(ctx context.Context, clusterID string) (*tree, error) {
	t, err := r.follow(ctx, clusterID)
	if t == nil && err == nil {
		t, err = r.unpack(ctx, clusterID, false)
	}
	if err == nil && (t == nil || t.revision < r.watched(clusterID).revision) {
		// No packed form, or one behind the revision key: an unconfirmed read, or a writer that does not pack.
		if t, err = r.unpack(ctx, clusterID, true); err == nil && (t == nil || t.revision < r.watched(clusterID).revision) {
			t, err = r.list(ctx, clusterID)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		delete(r.trees, clusterID)
		return nil, err
	}
	r.trees[clusterID] = t
	return t, nil
}

// follow returns the cached tree with the changes since then; nil when changes are missing.
func (r *Reader) follow(ctx context.Context, clusterID string) (*tree, error) {
	r.mu.Lock()
	have := r.trees[clusterID]
	r.mu.Unlock()
	if have == nil || !have.packed {
		return nil, nil
	}
	a, err := r.get(ctx, query{key: r.key(clusterID, pack.RecentKey)})
	if err != nil || !a.found {
		return nil, err
	}
	recent, err := pack.ParseRecent(a.body)
	if err != nil {
		return nil, nil // written by another version: read the tree instead
	}
	changes, ok := recent.Since(have.revision)
	switch {
	case !ok:
		return nil, nil
	case len(changes) == 0:
		return have, nil
	}
	return &tree{revision: recent.Newest(), packed: true, entries: changes.Apply(have.entries)}, nil
}

// unpack reads the packed tree; nil when it is missing or this version cannot read it.
func (r *Reader) unpack(ctx context.Context, clusterID string, consistent bool) (*tree, error) {
	a, err := r.get(ctx, query{key: r.key(clusterID, pack.FullKey), consistent: consistent})
	if err != nil || !a.found {
		return nil, err
	}
	full, err := pack.ParseFull(a.body)
	if err != nil {
		return nil, nil
	}
	return &tree{revision: full.Revision, packed: true, entries: full.Entries}, nil
}
