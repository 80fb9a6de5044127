package confd

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// dest is a destination as it is on disk, and what it must be.
type dest struct {
	path string
	// exists, symlink, perm and ids of what is there (of what a symlink points to).
	exists  bool
	symlink bool
	oldPerm uint32
	// perm, uid and gid the new file gets; -1 leaves the ids to the process.
	perm     uint32
	uid, gid int
	// changed: content, mode, owner or kind differ from what the resource wants.
	changed bool
}

// examine compares a destination with the content rendered for it. What a resource leaves unset is taken over from the
// file that exists: its mode and its owner.
func (e *Engine) examine(r *resource, content []byte) (dest, error) {
	d := dest{path: filepath.Join(e.root, r.dest), perm: 0o644, uid: -1, gid: -1}
	uid, gid, err := r.ids(e.root)
	switch {
	case err != nil && e.root != "":
		// Rendering for another machine: its accounts are not here.
		e.log.Warn("owner not set", "resource", r.name, "reason", err.Error())
	case err != nil:
		return d, err
	case os.Geteuid() != 0:
		uid, gid = -1, -1 // only root can give files away
	}
	link, err := os.Lstat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return d, err
	case link.IsDir():
		return d, fmt.Errorf("%s is a folder", d.path)
	case link.Mode()&fs.ModeSymlink != 0:
		d.symlink = true
	case !link.Mode().IsRegular():
		return d, fmt.Errorf("%s is not a regular file", d.path)
	default:
		d.exists = true
	}
	info := link
	if d.symlink {
		if info, err = os.Stat(d.path); err != nil {
			info = nil // points to nothing
		}
	}
	d.changed = !d.exists
	if info != nil {
		d.oldPerm = uint32(info.Mode().Perm())
		d.perm = d.oldPerm
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			d.uid, d.gid = int(st.Uid), int(st.Gid)
		}
		d.changed = d.changed || (uid >= 0 && uid != d.uid) || (gid >= 0 && gid != d.gid)
	}
	if uid >= 0 {
		d.uid = uid
	}
	if gid >= 0 {
		d.gid = gid
	}
	if r.mode != nil {
		d.changed = d.changed || *r.mode != d.perm
		d.perm = *r.mode
	}
	if d.changed {
		return d, nil
	}
	equal := info.Size() == int64(len(content))
	if equal {
		equal, err = hasContent(d.path, content)
	}
	d.changed = !equal
	return d, err
}

// asFound describes the file on disk, and the mode and owner that it is to have: another wish is not met by it.
func (d dest) asFound() string {
	content, found := "missing", "-"
	if file, err := os.Open(d.path); err == nil {
		sum := sha256.New()
		_, _ = io.Copy(sum, file)
		_ = file.Close()
		content = hex.EncodeToString(sum.Sum(nil))
	}
	if info, err := os.Stat(d.path); err == nil {
		found = info.Mode().String()
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			found += fmt.Sprintf(" %d:%d", st.Uid, st.Gid)
		}
	}
	return fmt.Sprintf("%s %s wanted %04o %d:%d", content, found, d.perm, d.uid, d.gid)
}

// hasContent compares without reading a whole file into memory.
func hasContent(path string, content []byte) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	var chunk [8 << 10]byte
	for {
		n, err := file.Read(chunk[:])
		if n > len(content) || !bytes.Equal(chunk[:n], content[:n]) {
			return false, nil
		}
		content = content[n:]
		if errors.Is(err, io.EOF) {
			return len(content) == 0, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// makeParents makes the missing folders above a path, 0755 whatever the umask is.
func makeParents(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeParents(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	return os.Chmod(dir, 0o755)
}
