package folder

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// xattrPrefix begins the names of extended attributes in PAX records.
const xattrPrefix = "SCHILY.xattr."

// inode identifies a file that may have several names.
type inode struct{ dev, ino uint64 }

// Write writes what is below dir, and the mode and owner of dir itself, as a tar stream. Sockets and pipes are left out:
// they have no content and belong to running processes. Devices are refused.
func Write(ctx context.Context, dir string, w io.Writer) error {
	out := tar.NewWriter(w)
	links := map[inode]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return writeEntry(ctx, out, path, name, links)
	})
	if err != nil {
		return fmt.Errorf("read folder %s: %w", dir, err)
	}
	return out.Close()
}

func writeEntry(ctx context.Context, out *tar.Writer, path, name string, links map[inode]string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	target := ""
	switch mode := info.Mode(); {
	case mode&(fs.ModeSocket|fs.ModeNamedPipe) != 0:
		return nil
	case mode&fs.ModeDevice != 0:
		return fmt.Errorf("%s is a device, which cannot be copied", path)
	case mode&fs.ModeSymlink != 0:
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	h.Name, h.Format, h.Uname, h.Gname = name, tar.FormatPAX, "", ""
	h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}
	if info.IsDir() {
		h.Name += "/"
	}
	if target != "" {
		h.ModTime = time.Unix(0, 0) // cannot be set again with the standard library, and nothing depends on it
	} else {
		if h.PAXRecords, err = attributes(path); err != nil {
			return fmt.Errorf("extended attributes of %s: %w", path, err)
		}
	}
	if known := firstName(info, name, links); known != "" {
		h.Typeflag, h.Linkname, h.Size, h.PAXRecords = tar.TypeLink, known, 0, nil
	}
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(out, io.LimitReader(contextReader{ctx, f}, h.Size))
	if err == nil && n < h.Size {
		err = fmt.Errorf("%s became shorter while it was read", path)
	}
	return err
}

// firstName is the name under which a file with several names was written before; "" for the first one.
func firstName(info fs.FileInfo, name string, links map[inode]string) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || stat.Nlink < 2 {
		return ""
	}
	key := inode{stat.Dev, stat.Ino}
	known := links[key]
	if known == "" {
		links[key] = name
	}
	return known
}

// attributes are the extended attributes of a file or folder as PAX records; none where the file system has none.
func attributes(path string) (map[string]string, error) {
	size, err := syscall.Listxattr(path, nil)
	if errors.Is(err, syscall.ENOTSUP) || err == nil && size == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]byte, size)
	if size, err = syscall.Listxattr(path, names); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name := range splitNames(names[:size]) {
		size, err := syscall.Getxattr(path, name, nil)
		if errors.Is(err, syscall.ENODATA) || errors.Is(err, syscall.EPERM) {
			continue // gone, or not this user's to read
		}
		if err != nil {
			return nil, err
		}
		value := make([]byte, size)
		if size > 0 {
			if size, err = syscall.Getxattr(path, name, value); err != nil {
				return nil, err
			}
		}
		out[xattrPrefix+name] = string(value[:size])
	}
	return out, nil
}

// splitNames yields the names of a list that a NUL ends each.
func splitNames(list []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		start := 0
		for i, b := range list {
			if b != 0 {
				continue
			}
			if !yield(string(list[start:i])) {
				return
			}
			start = i + 1
		}
	}
}

// contextReader fails once its context has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}
