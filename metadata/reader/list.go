package reader

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"drover/fault"
	"drover/metadata/pack"
)

// fluxPoll bounds one wait for the end of an unfinished publish.
const fluxPoll = 30 * time.Second

// tree is the published metadata of one cluster. Keys begin with "/self/" or "/roles/" and are sorted.
type tree struct {
	revision int64
	packed   bool // read in packed form, so the recent changes apply to it
	entries  []pack.Entry
}

// below returns the entries whose keys begin with the prefix.
func (t *tree) below(prefix string) []pack.Entry {
	from := pack.Find(t.entries, prefix)
	to := from
	for to < len(t.entries) && strings.HasPrefix(t.entries[to].Key, prefix) {
		to++
	}
	return t.entries[from:to]
}

// list reads the tree from the documented keys: ONE recursive read, which Consul answers from one index. While the
// answer has the mark of an unfinished publish, list waits for a change of the mark and reads again.
func (r *Reader) list(ctx context.Context, clusterID string) (*tree, error) {
	root := r.key(clusterID, "")
	for {
		a, err := r.get(ctx, query{key: root, recurse: true, consistent: true})
		if err != nil {
			return nil, err
		}
		t, flux, err := parseList(a.body, root)
		switch {
		case err != nil:
			return nil, fault.Wrap(err, fault.Internal, "answer of Consul at %s for %s", r.addr, root)
		case flux:
			if _, err := r.get(ctx, query{key: root + pack.FluxKey, index: max(a.index, 1), wait: fluxPoll}); err != nil {
				return nil, err
			}
		case t.revision == 0:
			return nil, fault.New(fault.NotFound, "no metadata is published for cluster %s", clusterID)
		default:
			return t, nil
		}
	}
}

// parseList decodes Consul's list entry by entry, so that only keys and values are kept.
func parseList(body []byte, root string) (t *tree, flux bool, err error) {
	t = &tree{}
	if len(body) == 0 {
		return t, false, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if _, err := dec.Token(); err != nil {
		return nil, false, err
	}
	var kv struct {
		Key   string
		Value []byte
	}
	for dec.More() {
		kv.Key, kv.Value = "", kv.Value[:0]
		if err := dec.Decode(&kv); err != nil {
			return nil, false, err
		}
		switch key := strings.TrimPrefix(kv.Key, root); {
		case key == pack.FluxKey:
			flux = true
		case key == pack.RevisionKey:
			if t.revision, err = parseRevision(kv.Value); err != nil {
				return nil, false, err
			}
		case strings.HasSuffix(key, "/"): // a folder that was created manually
		case strings.HasPrefix(key, "self/") || strings.HasPrefix(key, "roles/"):
			t.entries = append(t.entries, pack.Entry{Key: "/" + key, Value: string(kv.Value)})
		}
	}
	_, err = dec.Token()
	pack.Sort(t.entries) // Consul lists in byte order already; a reader must not depend on it
	return t, flux, err
}
