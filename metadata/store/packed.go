package store

import (
	"maps"
	"slices"

	"drover/metadata"
	"drover/metadata/pack"
)

// maxPacked bounds the packed tree: it must fit one transaction with the revision. A larger tree is published without
// one, and agents read the documented keys.
const maxPacked = 320 << 10

// packed gives the values agents read instead of the documented keys; nil for one that shall not exist. The recent
// changes are relative to the published packed tree and not to the keys, which may be half-way to this revision.
func packed(now *published, rev int64, tree metadata.Tree) (full, recent []byte) {
	full = pack.Full{Revision: rev, Entries: entries(tree)}.Encode()
	if len(full) > maxPacked {
		return nil, nil
	}
	before, err := pack.ParseFull(now.full)
	if err != nil || before.Revision != now.revision {
		return full, nil // the first revision, or one written without packing
	}
	old := make(metadata.Tree, len(before.Entries))
	for _, e := range before.Entries {
		old[e.Key[1:]] = e.Value
	}
	change := metadata.Diff(old, tree)
	delta := pack.Delta{From: now.revision, To: rev, Set: entries(change.Set)}
	for _, key := range change.Delete {
		delta.Delete = append(delta.Delete, "/"+key)
	}
	history, err := pack.ParseRecent(now.recent)
	if err != nil {
		history = nil
	}
	if history = history.Push(delta); len(history) == 0 {
		return full, nil
	}
	return full, history.Encode()
}

// entries gives a tree as templates name it: sorted, with a leading slash.
func entries(t metadata.Tree) []pack.Entry {
	out := make([]pack.Entry, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		out = append(out, pack.Entry{Key: "/" + key, Value: t[key]})
	}
	return out
}
