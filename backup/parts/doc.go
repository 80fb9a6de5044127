// Package parts is the form in which the data of a backup is stored: one part per volume or folder, made from a tar stream
// and given back as one.
//
//	<point>/<part>/<n>-<sum>   pack: content of files, 16 MiB before compression, named after its SHA-256
//	<point>/<part>/index       what the stream is made of: tar headers, and for each file where its content lies
//
// The content of files is cut into chunks of at most 4 MiB. A chunk that the point before in the same chain has is not
// stored again; the index names the pack of that point. So an incremental point costs what changed, and can only be read
// while the earlier points of its chain exist.
//
// The index is written last: a part with an index is whole. Its SHA-256 goes into the catalogue, every chunk's into the
// index, and reading checks all of them. The same stream makes the same packs, so a writer that is repeated after a death
// stores only the packs that are missing.
//
// It knows nothing of clusters and nodes. Callers: activities/backups.
package parts
