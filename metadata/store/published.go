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

// published is what Consul holds for a cluster's tree.
type published struct {
	revision      int64
	revisionIndex uint64 // 0: no revision yet
	writer        string
	full, recent  []byte
	flux          *flux
	fluxIndex     uint64
}

// flux is the mark of a publish that is half-way. Without a writer it belongs to nobody (Disown).
type flux struct {
	Revision int64  `json:"revision"`
	Writer   string `json:"writer"`
}

// published reads all that says how things stand, at one index: the revision and everything below revisions/, but not
// the documented keys.
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
			if p.revision, err = parseRevision(kv); err != nil {
				return nil, err
			}
		case pack.WriterKey:
			p.writer = string(kv.Value)
		case pack.FullKey:
			p.full = kv.Value
		case pack.RecentKey:
			p.recent = kv.Value
		case pack.FluxKey:
			p.flux, p.fluxIndex = new(flux), kv.ModifyIndex
			if err := json.Unmarshal(kv.Value, p.flux); err != nil {
				return nil, fault.Wrap(err, fault.Internal, "Consul key %s", kv.Key)
			}
		}
	}
	return p, nil
}

func (s *Store) list(ctx context.Context, prefix, what string) (api.KVPairs, error) {
	pairs, _, err := s.client.KV().List(prefix, (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx))
	return pairs, failed(err, "%s", what)
}

// tree gives the tree as the documented keys have it now. While nobody is half-way, the packed tree of the published
// revision is the same and many times cheaper to read; exact tells that it was used.
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

func parseRevision(kv *api.KVPair) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(kv.Value)), 10, 64)
	if err != nil {
		return 0, fault.New(fault.Internal, "Consul key %s does not hold a revision: %q", kv.Key, kv.Value)
	}
	return n, nil
}

// admit decides whether a writer may publish a revision: yes, no need because it did already, or a Conflict.
func (p *published) admit(id string, rev int64, writer string) (done bool, err error) {
	if f := p.flux; f != nil && f.Writer != "" && (f.Writer != writer || f.Revision != rev) {
		return false, fault.New(fault.Conflict, "metadata of cluster %s: %s is half-way through publishing revision %d; "+
			"%s cannot publish revision %d", id, f.Writer, f.Revision, writer, rev).
			WithHint("let %s finish", f.Writer).At(id, "", "")
	}
	switch {
	case p.revision == rev && p.writer == writer:
		return true, nil
	case p.revision == rev:
		return false, fault.New(fault.Conflict, "metadata of cluster %s: revision %d was published by %s, not by %s",
			id, rev, p.writer, writer).At(id, "", "")
	case p.revision+1 != rev:
		return false, fault.New(fault.Conflict, "metadata of cluster %s is at revision %d, published by %s: "+
			"%s cannot publish revision %d", id, p.revision, orNobody(p.writer), writer, rev).At(id, "", "")
	}
	return false, nil
}

func orNobody(writer string) string {
	if writer == "" {
		return "nobody"
	}
	return writer
}
