package pack

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// Entry is one key of a tree with its value.
type Entry struct{ Key, Value string }

// Sort sorts entries by the bytes of the keys, the order that every function of the package expects.
func Sort(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
}

// Find returns the position of the first entry whose key is not less than key.
func Find(entries []Entry, key string) int {
	at, _ := slices.BinarySearchFunc(entries, key, func(e Entry, k string) int { return strings.Compare(e.Key, k) })
	return at
}

var errShort = errors.New("packed metadata is truncated")

// maxText bounds the memory that a reader allocates in advance for a damaged size.
const maxText = 64 << 20

func appendEntries(b []byte, entries []Entry) []byte {
	text := 0
	for _, e := range entries {
		text += len(e.Key) + len(e.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(entries)))
	b = binary.AppendUvarint(b, uint64(text))
	last := ""
	for _, e := range entries {
		shared := commonPrefix(last, e.Key)
		b = binary.AppendUvarint(b, uint64(shared))
		b = binary.AppendUvarint(b, uint64(len(e.Key)-shared))
		b = append(b, e.Key[shared:]...)
		b = binary.AppendUvarint(b, uint64(len(e.Value)))
		b = append(b, e.Value...)
		last = e.Key
	}
	return b
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// decoder walks a packed value and keeps the first failure.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) fail() {
	d.b = nil
	if d.err == nil {
		d.err = errShort
	}
}

// entries reads a list of entries. All text goes into one block: the builder has room for it from the start, and
// bytes already written to a builder never change, so every key and value can be a slice of that block.
func (d *decoder) entries() []Entry {
	count, text := d.uint(), d.uint()
	if count > uint64(len(d.b)) || text > maxText {
		d.fail()
	}
	if d.err != nil {
		return nil
	}
	var block strings.Builder
	block.Grow(int(text))
	out := make([]Entry, 0, count)
	last := ""
	for range count {
		shared := d.uint()
		rest := d.take(d.uint())
		value := d.take(d.uint())
		if d.err != nil || shared > uint64(len(last)) {
			d.fail()
			return nil
		}
		start := block.Len()
		block.WriteString(last[:shared])
		block.Write(rest)
		middle := block.Len()
		block.Write(value)
		all := block.String()
		e := Entry{Key: all[start:middle], Value: all[middle:]}
		out = append(out, e)
		last = e.Key
	}
	return out
}
