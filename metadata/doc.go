// Package metadata describes a cluster to its own nodes as a plain value: a Tree of keys and texts built from the
// control record. Every change of metadata is therefore "change the record, build the tree, publish it", and the tree
// never depends on the order of past changes.
//
// It is pure: metadata/store stores trees, and agents link metadata/reader, which also derives the per-node parts /host
// and /links/<name>/... Callers: activities, tests.
package metadata
