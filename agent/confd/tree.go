package confd

import (
	"path"
	"slices"
	"strings"
)

// Pair is one key and its value, as templates see them (`.Key`, `.Value`).
type Pair struct {
	Key   string
	Value string
}

// Tree holds the keys of one revision, sorted once. Keys have one leading slash and no trailing one; only leaves are
// keys. A Tree is never changed after it was made, so it can be read from anywhere.
//
// A sorted slice instead of a map of maps: thousands of keys cost 32 bytes each beside their text, and every question
// of the template language (get, glob, list) is a binary search or a walk over a range.
type Tree struct {
	pairs []Pair
}

// NewTree takes the keys as templates see them.
func NewTree(kv map[string]string) *Tree {
	pairs := make([]Pair, 0, len(kv))
	for key, value := range kv {
		exact := cleanKey(key)
		if exact != key {
			if _, better := kv[exact]; better {
				continue
			}
		}
		pairs = append(pairs, Pair{exact, value})
	}
	return TreeOf(pairs)
}

// TreeOf takes ownership of pairs. Pairs that are sorted already, as Consul lists them, are not sorted again.
func TreeOf(pairs []Pair) *Tree {
	for i := range pairs {
		pairs[i].Key = cleanKey(pairs[i].Key)
	}
	byKey := func(a, b Pair) int { return strings.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(pairs, byKey) {
		// By value second: two spellings of one key must not depend on map order.
		slices.SortFunc(pairs, func(a, b Pair) int {
			if c := byKey(a, b); c != 0 {
				return c
			}
			return strings.Compare(a.Value, b.Value)
		})
	}
	return &Tree{slices.CompactFunc(pairs, func(a, b Pair) bool { return a.Key == b.Key })}
}

// FromStore takes the keys as they are in a store and keeps those below prefix, without it. The prefix matches whole
// components: "/self" does not take "/selfish/x".
func FromStore(raw map[string]string, prefix string) *Tree {
	prefix = cleanKey(prefix)
	pairs := make([]Pair, 0, len(raw))
	for key, value := range raw {
		key = cleanKey(key)
		switch {
		case prefix == "/":
		case key == prefix:
			key = "/"
		case strings.HasPrefix(key, prefix) && key[len(prefix)] == '/':
			key = key[len(prefix):]
		default:
			continue
		}
		pairs = append(pairs, Pair{key, value})
	}
	return TreeOf(pairs)
}

// Len is the number of keys.
func (t *Tree) Len() int { return len(t.pairs) }

// Narrow is the part of the tree a resource asked for with its `keys`: each entry is a leaf or a folder, matched by
// whole components. No keys means nothing.
func (t *Tree) Narrow(keys []string) *Tree {
	var part []Pair
	for _, key := range keys {
		key = cleanKey(key)
		if key == "/" {
			return t
		}
		if i, found := t.index(key); found {
			part = append(part, t.pairs[i])
		}
		lo, hi := t.below(key)
		if part == nil && len(keys) == 1 {
			return &Tree{t.pairs[lo:hi:hi]}
		}
		part = append(part, t.pairs[lo:hi]...)
	}
	return TreeOf(part)
}

func cleanKey(key string) string {
	if isClean(key) {
		return key
	}
	return path.Clean("/" + key)
}

// isClean says, faster than path.Clean for the thousands of keys that nearly always are, that a key needs no cleaning.
// It may be wrong the safe way, for names that begin with a dot.
func isClean(key string) bool {
	if len(key) < 2 || key[0] != '/' || key[len(key)-1] == '/' {
		return key == "/"
	}
	for i := range len(key) - 1 {
		if key[i] == '/' && (key[i+1] == '/' || key[i+1] == '.') {
			return false
		}
	}
	return true
}

// value is the leaf's value; the key is taken exactly as it is.
func (t *Tree) value(key string) (string, bool) {
	i, found := t.index(key)
	if !found {
		return "", false
	}
	return t.pairs[i].Value, true
}

func (t *Tree) index(key string) (int, bool) {
	i := t.lowerBound(0, len(t.pairs), 0, key)
	return i, i < len(t.pairs) && t.pairs[i].Key == key
}

// lowerBound is the first index in [lo,hi) whose key, without its first skip bytes, is not less than text.
func (t *Tree) lowerBound(lo, hi, skip int, text string) int {
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if t.pairs[mid].Key[skip:] < text {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// below is the range of the keys inside folder dir (no trailing slash; "" is the root).
func (t *Tree) below(dir string) (lo, hi int) {
	inside := dir + "/"
	lo = t.lowerBound(0, len(t.pairs), 0, inside)
	if lo == len(t.pairs) || !strings.HasPrefix(t.pairs[lo].Key, inside) {
		return lo, lo
	}
	return lo, t.endOf(lo, len(t.pairs), len(inside))
}

// endOf is the end of the run of keys, from lo on, that share the first n bytes of key lo. Runs are mostly short, so it
// looks ahead in doubling steps before it searches.
func (t *Tree) endOf(lo, hi, n int) int {
	prefix := t.pairs[lo].Key[:n]
	step := 1
	for lo+step < hi && strings.HasPrefix(t.pairs[lo+step].Key, prefix) {
		lo += step
		step *= 2
	}
	end := min(lo+step, hi)
	for lo++; lo < end; {
		mid := int(uint(lo+end) >> 1)
		if strings.HasPrefix(t.pairs[mid].Key, prefix) {
			lo = mid + 1
		} else {
			end = mid
		}
	}
	return lo
}
