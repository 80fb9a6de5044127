// Package pack is the compact form of a cluster's published tree that agents read: one value with the whole tree
// (Full), and one with the last few changes (Recent). Both name the revision they belong to, so a single read of
// either is consistent by itself. It uses the standard library only, because it is linked into the agent.
//
// It is not the documented layout (one key per field stays in Consul for users and as the fallback of readers) and
// it does not access Consul. Callers: metadata/store writes it, metadata/reader reads it.
//
// A Full value is a format byte, an encoding byte and a body; numbers are unsigned varints:
//
//	body:  revision, count, text size, entry*
//	entry: shared, length, key rest, length, value
//
// Keys are in byte order; each has only the part that differs from the key before it. The text size (of all keys and
// values) lets a reader put the tree into one block of memory. A Recent value is a format byte and deltas, oldest first:
//
//	delta: size, from, to, set count, text size, entry*, delete count, text size, entry* (with empty values)
package pack
