// Package target is where backups are kept: folders (dir) and S3 buckets, with a key that encrypts and a bandwidth limit in
// front of either. A target keeps objects of some megabytes under names with slashes. An object is there as a whole or not
// at all, whatever dies while it is written; writing it again replaces it.
//
// It knows nothing of what is in an object, and keeps no list of backups: the catalogue does. Callers: worker (opens the
// targets of its settings), backup/parts, activities (through their interfaces).
package target
