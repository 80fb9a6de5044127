package confd

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// stagedPrefix marks files on their way to a destination. The dot keeps daemons that read whole folders away from them.
const stagedPrefix = ".drover-staged-"

// staged is a rendered file beside its destination, with its final mode and owner.
type staged struct {
	dest
	temp string
}

// stage writes content beside the destination. It is not synced: after a power loss the next pass compares again.
func stage(d dest, content []byte) (s *staged, err error) {
	if err := makeParents(d.path); err != nil {
		return nil, err
	}
	base := filepath.Base(d.path)
	if len(base) > 200 {
		base = base[:200]
	}
	var random [6]byte
	_, _ = rand.Read(random[:])
	s = &staged{d, filepath.Join(filepath.Dir(d.path), stagedPrefix+base+"-"+hex.EncodeToString(random[:]))}
	file, err := os.OpenFile(s.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			s.discard()
			s = nil
		}
	}()
	if _, err := file.Write(content); err != nil {
		return s, err
	}
	return s, s.dress(file)
}

// dress gives a file its owner and mode. Only root can give files away; others keep what they own.
func (s *staged) dress(file *os.File) error {
	if os.Geteuid() == 0 && (s.uid >= 0 || s.gid >= 0) {
		if err := file.Chown(s.uid, s.gid); err != nil {
			return err
		}
	}
	return file.Chmod(os.FileMode(s.perm))
}

func (s *staged) discard() { _ = os.Remove(s.temp) }

// swap puts the staged file in place of the destination. A destination that is a mount point itself (a file bound into
// a container) cannot be replaced and is written in place.
func (s *staged) swap() error {
	err := os.Rename(s.temp, s.path)
	if !errors.Is(err, syscall.EBUSY) {
		return err
	}
	defer s.discard()
	from, err := os.Open(s.temp)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(s.path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, s.dress(to), to.Close())
}

// sweep removes staged files that a crash left in a folder. The caller holds the lock on conf.d's folder, so no other process
// is staging now. A folder that did not change since it was looked at is not read again.
func (e *Engine) sweep(dir string) {
	info, err := os.Stat(dir)
	if err != nil || e.swept[dir].Equal(info.ModTime()) {
		return
	}
	e.swept[dir] = info.ModTime()
	folder, err := os.Open(dir)
	if err != nil {
		return
	}
	defer folder.Close()
	for {
		names, err := folder.Readdirnames(256)
		for _, name := range names {
			if strings.HasPrefix(name, stagedPrefix) && os.Remove(filepath.Join(dir, name)) == nil {
				e.log.Warn("removed a staged file left by an interrupted pass", "file", filepath.Join(dir, name))
			}
		}
		if err != nil || len(names) == 0 {
			return
		}
	}
}
