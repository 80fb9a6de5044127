package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is a detached mount together with the place inside the node where it belongs.
type tree struct {
	fd     int
	target string
	dir    bool
}

// newFS makes a detached file system of that type. Options are key or key=value.
func newFS(fsType, source string, attrs int, options ...string) (int, error) {
	fsfd, err := unix.Fsopen(fsType, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("open file system type %s: %w", fsType, err)
	}
	defer unix.Close(fsfd)
	if err := unix.FsconfigSetString(fsfd, "source", source); err != nil {
		return -1, fmt.Errorf("%s: set source: %w", fsType, err)
	}
	for _, o := range options {
		key, value, valued := strings.Cut(o, "=")
		if valued {
			err = unix.FsconfigSetString(fsfd, key, value)
		} else {
			err = unix.FsconfigSetFlag(fsfd, key)
		}
		if err != nil {
			return -1, fmt.Errorf("%s: set %s: %w", fsType, o, err)
		}
	}
	if err := unix.FsconfigCreate(fsfd); err != nil {
		return -1, fmt.Errorf("create %s: %w", fsType, err)
	}
	fd, err := unix.Fsmount(fsfd, unix.FSMOUNT_CLOEXEC, attrs)
	if err != nil {
		return -1, fmt.Errorf("mount %s: %w", fsType, err)
	}
	return fd, nil
}

// overlay makes a detached overlay; upper and work are empty for a read-only one.
func overlay(mark string, attrs int, lower []string, upper, work string) (int, error) {
	escaped := make([]string, len(lower))
	for i, l := range lower {
		escaped[i] = strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(l)
	}
	options := []string{"lowerdir=" + strings.Join(escaped, ":")}
	if upper != "" {
		options = append(options, "upperdir="+upper, "workdir="+work)
	}
	if inUserNamespace() {
		options = append(options, "userxattr")
	}
	return newFS("overlay", mark, attrs, options...)
}

// inUserNamespace: overlays must then keep their notes in user.* attributes, the trusted.* ones are the real root's.
func inUserNamespace() bool {
	raw, err := os.ReadFile("/proc/self/uid_map")
	var inside, outside, count uint64
	if err == nil {
		_, err = fmt.Sscan(string(raw), &inside, &outside, &count)
	}
	return err == nil && (outside != 0 || count < 1<<31)
}

// cloneTree takes a detached copy of a mounted folder or file and adds attributes to it and everything below.
func cloneTree(path string, attrs uint64) (int, bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return -1, false, err
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return -1, false, fmt.Errorf("open mount of %s: %w", path, err)
	}
	if attrs != 0 {
		if err := setAttrs(fd, attrs); err != nil {
			unix.Close(fd)
			return -1, false, fmt.Errorf("%s: %w", path, err)
		}
	}
	return fd, info.IsDir(), nil
}

func setAttrs(fd int, attrs uint64) error {
	err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: attrs})
	if err != nil {
		return fmt.Errorf("set mount attributes %#x: %w", attrs, err)
	}
	return nil
}

// cloneBind opens a Bind; a missing optional source gives no tree and no error.
func cloneBind(b Bind) (*tree, error) {
	attrs := uint64(unix.MOUNT_ATTR_NODEV)
	if b.ReadOnly {
		attrs |= unix.MOUNT_ATTR_RDONLY
	}
	if b.NoExec {
		attrs |= unix.MOUNT_ATTR_NOEXEC
	}
	if b.NoSuid {
		attrs |= unix.MOUNT_ATTR_NOSUID
	}
	fd, dir, err := cloneTree(b.Source, attrs)
	if b.Optional && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &tree{fd: fd, target: b.Target, dir: dir}, nil
}

// attach puts the tree at its place and makes the place if need be. Call it inside the new root only.
func (t tree) attach() error {
	defer unix.Close(t.fd)
	if t.dir {
		if err := os.MkdirAll(t.target, 0o755); err != nil {
			return fmt.Errorf("make mount point: %w", err)
		}
	} else {
		if err := os.MkdirAll(filepath.Dir(t.target), 0o755); err != nil {
			return fmt.Errorf("make mount point: %w", err)
		}
		f, err := os.OpenFile(t.target, os.O_CREATE|os.O_RDONLY, 0o644)
		if err != nil {
			return fmt.Errorf("make mount point: %w", err)
		}
		f.Close()
	}
	if err := unix.MoveMount(t.fd, "", unix.AT_FDCWD, t.target, unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_SYMLINKS); err != nil {
		return fmt.Errorf("mount at %s: %w", t.target, err)
	}
	return nil
}
