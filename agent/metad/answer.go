package metad

import (
	"sort"
	"strings"
)

// leaf is one key below a folder; path is relative to it and begins with a slash.
type leaf struct{ path, value string }

// self is where a node's own tree is served.
const self = "/self"

// key turns a request's path into the form of v.keys; false when nothing can be there.
func (v view) key(at string) (string, bool) {
	if v.root {
		return at, true
	}
	rest, ok := strings.CutPrefix(at, self)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// value is the leaf at a path.
func (v view) value(at string) (string, bool) {
	key, ok := v.key(at)
	if !ok {
		return "", false
	}
	value, ok := v.keys[key]
	return value, ok
}

// below lists what lies below the folder, sorted by path.
func (v view) below(folder string) []leaf {
	var out []leaf
	if folder == "" && !v.root {
		for _, l := range v.below(self) {
			out = append(out, leaf{self + l.path, l.value})
		}
		return out
	}
	at, ok := v.key(folder)
	if !ok {
		return nil
	}
	prefix := at + "/"
	for k, value := range v.keys {
		if strings.HasPrefix(k, prefix) {
			out = append(out, leaf{k[len(at):], value})
		}
	}
	sort.Slice(out, func(a, b int) bool { return out[a].path < out[b].path })
	return out
}

// lines is the text form of a folder.
func lines(leaves []leaf) string {
	var b strings.Builder
	for _, l := range leaves {
		b.WriteString(l.path)
		b.WriteByte('\t')
		b.WriteString(l.value)
		b.WriteByte('\n')
	}
	return b.String()
}

// object is the JSON form of a folder. Where a key is a value and a folder at once, the folder wins: it says more.
func object(leaves []leaf) map[string]any {
	root := map[string]any{}
	for _, l := range leaves {
		parts := strings.Split(l.path[1:], "/")
		at := root
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		last := parts[len(parts)-1]
		if _, folder := at[last].(map[string]any); !folder {
			at[last] = l.value
		}
	}
	return root
}
