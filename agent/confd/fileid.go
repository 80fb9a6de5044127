package confd

import (
	"io/fs"
	"syscall"
)

// fileID says whether a file is still the one that was read. The change time finds replacements that keep the
// modification time and edits that keep the size.
type fileID struct {
	dev, inode uint64
	size       int64
	mtime      int64
	ctime      int64
}

func idOf(info fs.FileInfo) fileID {
	id := fileID{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id.dev, id.inode, id.ctime = st.Dev, st.Ino, st.Ctim.Nano()
	}
	return id
}
