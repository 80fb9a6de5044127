package target

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"drover/durable"
	"drover/fault"
)

// Dir keeps objects as files of a folder: of a disk, or of a file system that all workers of an installation mount. Files
// are 0600, folders 0700.
type Dir struct{ path string }

// NewDir returns the target in a folder, which is made when it is missing.
func NewDir(path string) (*Dir, error) {
	if !filepath.IsAbs(path) {
		return nil, fault.New(fault.Invalid, "the folder of backups %q is not an absolute path", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the folder of backups %s", path)
	}
	return &Dir{path}, nil
}

func (d *Dir) file(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// Put implements Target: the object is on disk when it returns.
func (d *Dir) Put(ctx context.Context, name string, data []byte) error {
	if err := errors.Join(valid(name), ctx.Err()); err != nil {
		return err
	}
	file := d.file(name)
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = durable.Replace(file, data, 0o600)
	}
	return failed(err, "write %s", file)
}

// Get implements Target.
func (d *Dir) Get(ctx context.Context, name string) ([]byte, error) {
	if err := errors.Join(valid(name), ctx.Err()); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(d.file(name))
	return data, failed(err, "read %s", d.file(name))
}

// Has implements Target.
func (d *Dir) Has(ctx context.Context, name string) (bool, error) {
	if err := errors.Join(valid(name), ctx.Err()); err != nil {
		return false, err
	}
	_, err := os.Stat(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, failed(err, "look for %s", d.file(name))
}

// List implements Target. What an interrupted Put left is not an object.
func (d *Dir) List(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(d.path, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		name, err := filepath.Rel(d.path, path)
		if err != nil {
			return err
		}
		switch name = filepath.ToSlash(name); {
		case e.IsDir() && name != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/"):
			return filepath.SkipDir
		case e.Type().IsRegular() && strings.HasPrefix(name, prefix) && !strings.HasPrefix(e.Name(), "."):
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, failed(err, "list %s", d.path)
}

// Delete implements Target. Folders that become empty go too.
func (d *Dir) Delete(ctx context.Context, name string) error {
	if err := errors.Join(valid(name), ctx.Err()); err != nil {
		return err
	}
	file := d.file(name)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(err, "delete %s", file)
	}
	for dir := filepath.Dir(file); dir != d.path && len(dir) > len(d.path); dir = filepath.Dir(dir) {
		drafts, _ := filepath.Glob(filepath.Join(dir, ".*.new-*"))
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > len(drafts) {
			break
		}
		for _, draft := range drafts {
			_ = os.Remove(draft)
		}
		if os.Remove(dir) != nil {
			break // another object came
		}
	}
	return nil
}

// failed is the fault of a file operation; nil for nil.
func failed(err error, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(err, fault.NotFound, "backups: "+format, args...)
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(err, fault.Unauthorized, "backups: "+format, args...)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(err, fault.NoCapacity, "backups: "+format, args...)
	}
	return fault.Wrap(err, fault.Unreachable, "backups: "+format, args...)
}
