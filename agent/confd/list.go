package confd

import (
	"path"
	"slices"
	"strings"
)

// list is `ls` (or `lsdir` with foldersOnly): the distinct names right below a folder, sorted as text; a leaf lists
// itself; what is missing lists nothing. One trailing slash is accepted, nothing else is cleaned.
//
// The root is odd on purpose, as packages know it: `ls "/"` has only the leaves directly under it, `lsdir "/"` nothing.
func (t *Tree) list(arg string, foldersOnly bool) []string {
	names := []string{}
	if _, leaf := t.value(arg); leaf && !foldersOnly {
		names = append(names, path.Base(arg))
	}
	root := arg == "/"
	dir := strings.TrimSuffix(arg, "/")
	if !strings.HasPrefix(arg, "/") || (root && foldersOnly) {
		return names
	}
	lo, hi := t.below(dir)
	for n := len(dir) + 1; lo < hi; {
		name := t.pairs[lo].Key[n:]
		slash := strings.IndexByte(name, '/')
		if slash >= 0 {
			if !root {
				names = append(names, name[:slash])
			}
			lo = t.endOf(lo, hi, n+slash+1)
			continue
		}
		if !foldersOnly && name != "" {
			names = append(names, name)
		}
		lo++
	}
	slices.Sort(names)
	return slices.Compact(names)
}
