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

// packed returns the values that agents read instead of the documented keys; nil for a value to be removed. The recent
// changes are continued only for a change of the published revision, and not of an unfinished publish; otherwise they
// restart at this revision.
func packed(now *published, rev int64, tree metadata.Tree, change metadata.Change, exact bool) (full, recent []byte) {
	full = pack.Full{Revision: rev, Entries: entries(tree)}.Encode()
	if len(full) > maxPacked {
		return nil, nil
	}
	var history pack.Recent
	if exact {
		delta := pack.Delta{From: now.revision, To: rev, Set: entries(change.Set)}
		for _, key := range change.Delete {
			delta.Delete = append(delta.Delete, "/"+key)
		}
		before, err := pack.ParseRecent(now.recent)
		if err != nil {
			before = nil // missing, or written by another version
		}
		history = before.Push(delta)
	}
	if len(history) == 0 {
		history = pack.Recent{{From: rev, To: rev}}
	}
	return full, history.Encode()
}

// entries returns a tree with the key names of templates: sorted, with a leading slash.
func entries(t metadata.Tree) []pack.Entry {
	out := make([]pack.Entry, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		out = append(out, pack.Entry{Key: "/" + key, Value: t[key]})
	}
	return out
}
