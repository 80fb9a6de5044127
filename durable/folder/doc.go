// Package folder writes a folder as a tar stream and reads one back: names, content, modes, numeric owners, times, symbolic
// and hard links, and extended attributes. The stream depends on the folder alone: two runs over the same content give the
// same bytes, which an interrupted backup relies on.
//
// It compresses and encrypts nothing, and does not wait for a folder that changes: a file whose size changes while it is
// read is an error. Callers: providers (snapshots of volumes), agent (folders that packages leave for a backup).
package folder
