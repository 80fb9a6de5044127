// Package metadata is what a cluster looks like to its own nodes, as a plain value: a Tree of keys and texts built
// from the control record. Every change of metadata is therefore "change the record, build the tree, publish it", and
// what nodes see never depends on the order of past changes.
//
// It is pure and does not store anything (metadata/store), is not what agents link (metadata/reader), and does not
// make the per-node parts /host and /links/<name>/..., which the reader derives. Callers: activities, tests.
package metadata
