package store

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"

	"drover/fault"
	"drover/metadata"
	"drover/metadata/pack"
)

// published is the stored state of a cluster's tree.
type published struct {
	revision      int64
	revisionIndex uint64 // 0: no revision yet
	writer        string
	full, recent  []byte
	flux          *flux
	fluxIndex     uint64
}

// flux is the mark of an unfinished publish. Without a writer it has no owner (Disown).
type flux struct {
	Revision int64  `json:"revision"`
	Writer   string `json:"writer"`
}

// published reads the stored state at one index: the revision and everything below revisions/, without the documented
// keys.
func (s *Store) published(ctx context.Context, id string) (*published, error) {
	root := s.clusterRoot(id)
	pairs, err := s.list(ctx, root+pack.RevisionKey, "read the metadata revision of cluster "+id)
	if err != nil {
		return nil, err
	}
	p := new(published)
	for _, kv := range pairs {
		switch strings.TrimPrefix(kv.Key, root) {
		case pack.RevisionKey:
			p.revisionIndex = kv.ModifyIndex
			p.revision = parseRevision(kv)
		case pack.WriterKey:
			p.writer = string(kv.Value)
		case pack.FullKey:
			p.full = kv.Value
		case pack.RecentKey:
			p.recent = kv.Value
		case pack.FluxKey:
			mark := readFlux(kv)
			p.flux, p.fluxIndex = &mark, kv.ModifyIndex
		}
	}
	return p, nil
}

// get reads one key; nil when it does not exist.
func (s *Store) get(ctx context.Context, key, what string) (*api.KVPair, error) {
	kv, _, err := s.client.KV().Get(key, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	return kv, failed(err, "%s", what)
}

func (s *Store) list(ctx context.Context, prefix, what string) (api.KVPairs, error) {
	pairs, _, err := s.client.KV().List(prefix, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	return pairs, failed(err, "%s", what)
}

// tree returns the current tree of the documented keys. Unless a publish is unfinished, the packed tree of the published
// revision is the same and many times cheaper to read; exact reports that it was used.
func (s *Store) tree(ctx context.Context, id string, p *published) (tree metadata.Tree, exact bool, err error) {
	if full, err := pack.ParseFull(p.full); err == nil && p.flux == nil && full.Revision == p.revision {
		tree = make(metadata.Tree, len(full.Entries))
		for _, e := range full.Entries {
			tree[e.Key[1:]] = e.Value
		}
		return tree, true, nil
	}
	root := s.clusterRoot(id)
	pairs, err := s.list(ctx, root, "read the metadata of cluster "+id)
	if err != nil {
		return nil, false, err
	}
	tree = make(metadata.Tree, len(pairs))
	for _, kv := range pairs {
		if key := strings.TrimPrefix(kv.Key, root); strings.HasPrefix(key, "self/") || strings.HasPrefix(key, "roles/") {
			tree[key] = string(kv.Value)
		}
	}
	return tree, false, nil
}

// parseRevision reads a revision. An invalid value counts as 0, which every publish replaces.
func parseRevision(kv *api.KVPair) int64 {
	if kv == nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(kv.Value)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// readFlux reads a mark. An unreadable mark has no owner.
func readFlux(kv *api.KVPair) flux {
	var mark flux
	if json.Unmarshal(kv.Value, &mark) != nil {
		return flux{}
	}
	return mark
}

// admit decides whether a writer may publish a revision: nil to publish, done when it is already published, or a Conflict.
// A revision may leave a gap: the tree was lost, or Consul was restored from a backup, and the publish repairs it.
func (p *published) admit(id string, rev int64, writer string) (done bool, err error) {
	if f := p.flux; f != nil && f.Writer != "" && f.Writer != writer {
		return false, fault.New(fault.Conflict, "metadata of cluster %s: %s has not finished publishing revision %d; "+
			"%s cannot publish revision %d", id, f.Writer, f.Revision, writer, rev).
			WithHint("wait until %s has finished", f.Writer).At(id, "", "")
	}
	switch {
	case p.revision == rev && p.writer == writer:
		return true, nil
	case p.revision == rev:
		return false, fault.New(fault.Conflict, "metadata of cluster %s: revision %d was published by %s, not by %s",
			id, rev, p.writer, writer).At(id, "", "")
	case rev < p.revision:
		return false, fault.New(fault.Conflict, "metadata of cluster %s is at revision %d, published by %s: "+
			"%s cannot publish revision %d", id, p.revision, orUnknown(p.writer), writer, rev).At(id, "", "")
	}
	return false, nil
}

func orUnknown(writer string) string {
	if writer == "" {
		return "an unknown writer"
	}
	return writer
}
