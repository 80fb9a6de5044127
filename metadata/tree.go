package metadata

import (
	"maps"
	"slices"
)

// Tree maps paths below drover/clusters/<id>/ to values: "self/hosts/etcd_node/i-abc/ip" -> "10.0.0.4",
// "self/env/quota" -> "2", "roles/etcd_node/env/quota" -> "4", "self/links/zk" -> "cl-1234abcd", and "roles/secrets/pass"
// for an env key that holds a password. Templates see the keys below self; agents also read the rest.
type Tree map[string]string

// Change is the difference between two trees.
type Change struct {
	Set    Tree
	Delete []string // in byte order
}

// Diff returns the change from old to new.
func Diff(old, new Tree) Change {
	c := Change{Set: Tree{}}
	for key, value := range new {
		if was, ok := old[key]; !ok || was != value {
			c.Set[key] = value
		}
	}
	for key := range old {
		if _, ok := new[key]; !ok {
			c.Delete = append(c.Delete, key)
		}
	}
	slices.Sort(c.Delete)
	return c
}

// Empty reports whether the change does nothing.
func (c Change) Empty() bool { return len(c.Set) == 0 && len(c.Delete) == 0 }

// Apply returns the changed tree; t is not changed.
func (c Change) Apply(t Tree) Tree {
	out := make(Tree, len(t)+len(c.Set))
	maps.Copy(out, t)
	for _, key := range c.Delete {
		delete(out, key)
	}
	maps.Copy(out, c.Set)
	return out
}
