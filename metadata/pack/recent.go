package pack

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Bounds of a Recent value: reading it must cost much less than reading the tree.
const (
	MaxDeltas      = 8
	MaxRecentBytes = 32 << 10
)

// Delta is the change of one revision. Set is sorted by key, Delete by name.
type Delta struct {
	From, To int64
	Set      []Entry
	Delete   []string
}

// Recent are the deltas of the last revisions, oldest first; each continues the previous one.
type Recent []Delta

// Push adds a delta at the end and drops old deltas beyond the bounds, and all deltas that do not lead to it. The result
// is empty when the delta alone is too large.
func (r Recent) Push(d Delta) Recent {
	if n := len(r); n > 0 && r[n-1].To != d.From {
		r = nil
	}
	out := append(slices.Clone(r), d)
	for len(out) > MaxDeltas || (len(out) > 0 && len(out.Encode()) > MaxRecentBytes) {
		out = out[1:]
	}
	return out
}

// Since returns the deltas that lead from a revision to the newest one, and false when some of them are missing.
func (r Recent) Since(revision int64) (Recent, bool) {
	if n := len(r); n > 0 && r[n-1].To == revision {
		return nil, true
	}
	for i := range r {
		if r[i].From == revision {
			return r[i:], true
		}
	}
	return nil, false
}

// Newest returns the revision of the last delta, 0 without deltas.
func (r Recent) Newest() int64 {
	if len(r) == 0 {
		return 0
	}
	return r[len(r)-1].To
}

// Encode packs the deltas.
func (r Recent) Encode() []byte {
	out := []byte{formatRecent}
	for _, d := range r {
		b := binary.AppendUvarint(nil, uint64(d.From))
		b = binary.AppendUvarint(b, uint64(d.To))
		b = appendEntries(b, d.Set)
		gone := make([]Entry, len(d.Delete))
		for i, key := range d.Delete {
			gone[i].Key = key
		}
		b = appendEntries(b, gone)
		out = binary.AppendUvarint(out, uint64(len(b)))
		out = append(out, b...)
	}
	return out
}

// ParseRecent decodes the result of Encode.
func ParseRecent(b []byte) (Recent, error) {
	if len(b) < 1 || b[0] != formatRecent {
		return nil, fmt.Errorf("not packed metadata changes (%d bytes)", len(b))
	}
	var out Recent
	d := decoder{b: b[1:]}
	for len(d.b) > 0 && d.err == nil {
		in := decoder{b: d.take(d.uint())}
		delta := Delta{From: int64(in.uint()), To: int64(in.uint()), Set: in.entries()}
		for _, e := range in.entries() {
			delta.Delete = append(delta.Delete, e.Key)
		}
		if in.err != nil {
			return nil, in.err
		}
		out = append(out, delta)
	}
	return out, d.err
}

// Apply returns the entries after the deltas; the argument is not changed.
func (r Recent) Apply(entries []Entry) []Entry {
	for _, d := range r {
		entries = d.apply(entries)
	}
	return entries
}

func (d Delta) apply(entries []Entry) []Entry {
	out := make([]Entry, 0, len(entries)+len(d.Set))
	set, gone := d.Set, d.Delete
	copied := 0
	// keep copies the old entries with keys less than key, and skips the one with the same key.
	keep := func(key string) {
		at := copied + Find(entries[copied:], key)
		out = append(out, entries[copied:at]...)
		if at < len(entries) && entries[at].Key == key {
			at++
		}
		copied = at
	}
	for len(set) > 0 || len(gone) > 0 {
		if len(gone) == 0 || (len(set) > 0 && strings.Compare(set[0].Key, gone[0]) <= 0) {
			keep(set[0].Key)
			out = append(out, set[0])
			set = set[1:]
			continue
		}
		keep(gone[0])
		gone = gone[1:]
	}
	return append(out, entries[copied:]...)
}
