package confd

import (
	"fmt"
	"path"
	"strings"
)

// match is `gets`: the pairs whose key matches the pattern as path.Match has it, sorted by key.
func (t *Tree) match(pattern string) ([]Pair, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	out := []Pair{}
	if strings.ContainsAny(pattern, `[\`) {
		// A class or an escape can stand for a slash, so such a pattern does not divide at its slashes.
		literal := pattern[:strings.IndexAny(pattern, `*?[\`)]
		for i := t.lowerBound(0, len(t.pairs), 0, literal); i < len(t.pairs); i++ {
			if !strings.HasPrefix(t.pairs[i].Key, literal) {
				break
			}
			if ok, _ := path.Match(pattern, t.pairs[i].Key); ok {
				out = append(out, t.pairs[i])
			}
		}
		return out, nil
	}
	return t.matchBelow(0, len(t.pairs), 0, pattern, out), nil
}

// matchBelow matches pattern against what follows the first n bytes (none, or ending in a slash) that all keys in [lo,hi)
// share.
// It goes component by component and steps over whole folders that cannot match.
func (t *Tree) matchBelow(lo, hi, n int, pattern string, out []Pair) []Pair {
	part, rest, more := strings.Cut(pattern, "/")
	if !strings.ContainsAny(part, "*?") {
		if !more {
			if i := t.lowerBound(lo, hi, n, part); i < hi && t.pairs[i].Key[n:] == part {
				out = append(out, t.pairs[i])
			}
			return out
		}
		inside := pattern[:len(part)+1]
		i := t.lowerBound(lo, hi, n, inside)
		if i == hi || !strings.HasPrefix(t.pairs[i].Key[n:], inside) {
			return out
		}
		return t.matchBelow(i, t.endOf(i, hi, n+len(inside)), n+len(inside), rest, out)
	}
	for lo < hi {
		name := t.pairs[lo].Key[n:]
		slash := strings.IndexByte(name, '/')
		if slash < 0 {
			if !more && matchPart(part, name) {
				out = append(out, t.pairs[lo])
			}
			lo++
			continue
		}
		end := t.endOf(lo, hi, n+slash+1)
		if more && matchPart(part, name[:slash]) {
			out = t.matchBelow(lo, end, n+slash+1, rest, out)
		}
		lo = end
	}
	return out
}

func matchPart(pattern, name string) bool {
	if pattern == "*" {
		return true
	}
	ok, _ := path.Match(pattern, name)
	return ok
}
