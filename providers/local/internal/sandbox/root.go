package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// usrLinks are the top folders that a merged-/usr host keeps as links into /usr.
var usrLinks = []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"}

// Devices are the host's device nodes that a node sees.
var Devices = []string{"null", "zero", "full", "random", "urandom", "tty"}

// mountRoot mounts the node's root on Root.Mount. Nothing is attached below it yet.
func mountRoot(s Spec) error {
	attrs := unix.MOUNT_ATTR_NODEV
	var fd int
	var err error
	if s.Root.Layered {
		fd, err = overlay(s.Mark, attrs, []string{s.Root.Image}, s.Root.Dir, s.Root.Work)
	} else {
		fd, _, err = cloneTree(s.Root.Dir, uint64(attrs))
	}
	if err != nil {
		return fmt.Errorf("root of the node: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, s.Root.Mount, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount root of the node at %s: %w", s.Root.Mount, err)
	}
	return nil
}

// usrLink is a top folder such as /bin: a link as on the host.
type usrLink struct{ name, target string }

// hostTrees opens what a node takes from the host, read-only: /usr, the folders beside it on hosts where /bin is no
// link, device nodes; and the links to make.
func hostTrees(s Spec) ([]tree, []usrLink, error) {
	var trees []tree
	const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NODEV
	usr, _, err := cloneTree("/usr", readOnly)
	if s.Root.Usr != "" && err == nil {
		unix.Close(usr)
		usr, err = overlay(s.Mark, readOnly, []string{s.Root.Usr, "/usr"}, "", "")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("/usr: %w", err)
	}
	trees = append(trees, tree{fd: usr, target: "/usr", dir: true})

	var links []usrLink
	for _, name := range usrLinks {
		info, err := os.Lstat("/" + name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, nil, err
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink("/" + name)
			if err != nil {
				return nil, nil, err
			}
			links = append(links, usrLink{name, target})
		default:
			fd, dir, err := cloneTree("/"+name, readOnly)
			if err != nil {
				return nil, nil, err
			}
			trees = append(trees, tree{fd, "/" + name, dir})
		}
	}
	return trees, links, nil
}

// kernelTrees makes /proc, /dev and /run. They come after the host's trees and before the binds.
func kernelTrees(s Spec) ([]tree, error) {
	const quiet = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOEXEC
	var trees []tree
	for _, k := range []struct {
		fsType, target string
		attrs          int
		options        []string
	}{
		{"proc", "/proc", quiet | unix.MOUNT_ATTR_NODEV, nil},
		{"tmpfs", "/dev", quiet, []string{"mode=0755", "size=1m"}},
		{"devpts", "/dev/pts", quiet, []string{"newinstance", "ptmxmode=0666", "mode=0620"}},
		{"tmpfs", "/dev/shm", quiet | unix.MOUNT_ATTR_NODEV, []string{"mode=1777"}},
		{"tmpfs", "/run", unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, []string{"mode=0755"}},
	} {
		fd, err := newFS(k.fsType, s.Mark, k.attrs, k.options...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.target, err)
		}
		trees = append(trees, tree{fd, k.target, true})
	}
	for _, d := range Devices {
		fd, dir, err := cloneTree("/dev/"+d, 0)
		if err != nil {
			return nil, fmt.Errorf("device: %w", err)
		}
		trees = append(trees, tree{fd, "/dev/" + d, dir})
	}
	return trees, nil
}

// enterRoot makes the mounted root the only file system there is.
func enterRoot(dir string) error {
	if err := unix.Chdir(dir); err != nil {
		return fmt.Errorf("enter %s: %w", dir, err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root to %s: %w", dir, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detach the host's file system: %w", err)
	}
	return unix.Chdir("/")
}

// linkUsr makes /bin and its like. A folder of the image in the same place would hide the host's programs.
func linkUsr(links []usrLink) error {
	for _, l := range links {
		path := filepath.Join("/", l.name)
		if have, err := os.Readlink(path); err == nil && have == l.target {
			continue
		}
		if err := os.Symlink(l.target, path); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		} else if err != nil {
			if info, err := os.Lstat(path); err == nil && info.IsDir() {
				return fmt.Errorf("the image has a folder %s where this machine has a link to %s: put its files under usr/", path, l.target)
			}
			return fmt.Errorf("%s is in the way of a link to %s", path, l.target)
		}
	}
	return nil
}

// ownUsrLocal is the node's own, writable /usr/local in place of the host's. It runs before the host's /usr is attached.
func ownUsrLocal() ([]tree, error) {
	if err := os.MkdirAll("/usr/local", 0o755); err != nil {
		return nil, err
	}
	fd, dir, err := cloneTree("/usr/local", unix.MOUNT_ATTR_NODEV)
	if err != nil {
		return nil, err
	}
	return []tree{{fd, "/usr/local", dir}}, nil
}

// guardProc makes the parts of /proc read-only or empty through which root could change or read the host.
func guardProc() error {
	for _, p := range []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/driver"} {
		t, err := cloneBind(Bind{Source: p, Target: p, ReadOnly: true, NoExec: true, NoSuid: true, Optional: true})
		if err != nil {
			return err
		}
		if t == nil {
			continue
		}
		if err := t.attach(); err != nil {
			return err
		}
	}
	for _, p := range []string{"/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/key-users", "/proc/kallsyms", "/proc/timer_list", "/proc/sched_debug", "/proc/kpageflags", "/proc/kpagecount", "/proc/kpagecgroup", "/proc/vmallocinfo"} {
		if _, err := os.Lstat(p); err != nil {
			continue
		}
		fd, _, err := cloneTree("/dev/null", unix.MOUNT_ATTR_RDONLY)
		if err != nil {
			return err
		}
		err = unix.MoveMount(fd, "", unix.AT_FDCWD, p, unix.MOVE_MOUNT_F_EMPTY_PATH)
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("hide %s: %w", p, err)
		}
	}
	return nil
}
