package folder

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Read makes dir what a stream of Write says: what is below it is removed first, so that an interrupted run can be
// repeated. Nothing outside dir is touched, whatever names and links the stream has. dir must exist. The content is on
// disk when Read returns.
func Read(ctx context.Context, r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := empty(root); err != nil {
		return fmt.Errorf("empty folder %s: %w", dir, err)
	}
	in := tar.NewReader(contextReader{ctx, r})
	var folders []*tar.Header // their times change while they are filled
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = readEntry(root, in, h)
		}
		if err != nil {
			return fmt.Errorf("write folder %s: %w", dir, err)
		}
		if h.Typeflag == tar.TypeDir {
			folders = append(folders, h)
		}
	}
	for i := len(folders) - 1; i >= 0; i-- {
		name := clean(folders[i].Name)
		if err := root.Chtimes(name, time.Time{}, folders[i].ModTime); err != nil {
			return fmt.Errorf("write folder %s: %w", dir, err)
		}
	}
	return synced(dir)
}

func empty(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	for _, e := range entries {
		if err == nil {
			err = root.RemoveAll(e.Name())
		}
	}
	return err
}

func clean(name string) string { return path.Clean(strings.TrimSuffix(name, "/")) }

func readEntry(root *os.Root, in io.Reader, h *tar.Header) error {
	name := clean(h.Name)
	if !filepath.IsLocal(name) {
		return fmt.Errorf("the stream has the name %q", h.Name)
	}
	mode := h.FileInfo().Mode()
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.Mkdir(name, 0o700); err != nil && (name != "." && !errors.Is(err, fs.ErrExist)) {
			return err
		}
	case tar.TypeSymlink:
		if err := root.Symlink(h.Linkname, name); err != nil {
			return err
		}
		return owner(root, name, h)
	case tar.TypeLink:
		return root.Link(clean(h.Linkname), name)
	case tar.TypeReg:
		if err := content(root, name, in); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s: entries of type %q are not known", name, h.Typeflag)
	}
	if err := owner(root, name, h); err != nil {
		return err
	}
	if err := setAttributes(root, name, h.PAXRecords); err != nil {
		return fmt.Errorf("extended attributes of %s: %w", name, err)
	}
	if err := root.Chmod(name, mode); err != nil { // after the owner, whose change clears set-uid bits
		return err
	}
	return root.Chtimes(name, time.Time{}, h.ModTime)
}

func content(root *os.Root, name string, in io.Reader) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Close())
}

// owner sets the numeric owner where it is another one: only root may change it.
func owner(root *os.Root, name string, h *tar.Header) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == h.Uid && int(stat.Gid) == h.Gid {
		return nil
	}
	return root.Lchown(name, h.Uid, h.Gid)
}

// setAttributes sets extended attributes of a file or folder, through its descriptor: a name could lead elsewhere.
func setAttributes(root *os.Root, name string, records map[string]string) error {
	for key, value := range records {
		attribute, is := strings.CutPrefix(key, xattrPrefix)
		if !is {
			continue
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		err = syscall.Setxattr(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), attribute, []byte(value), 0)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", attribute, err)
		}
	}
	return nil
}

// synced returns once the file system has everything of dir on disk.
func synced(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}
