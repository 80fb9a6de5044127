package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// path of the node's own PATH variable: the usual six directories.
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Boot makes the calling process the init of a node. It returns only when that failed.
func Boot(specFile string) error {
	s, err := Read(specFile)
	if err != nil {
		return err
	}
	// Capabilities and keyrings belong to threads: the thread that drops them must be the one that execs.
	runtime.LockOSThread()
	if err := recordSelf(s.PidFile); err != nil {
		return err
	}
	unix.Close(LockFD)
	for _, c := range s.Cgroups {
		if err := os.WriteFile(c, []byte("0"), 0); err != nil {
			return fmt.Errorf("join cgroup: %w", err)
		}
	}
	hostKey, err := os.ReadFile(s.HostKeyFile)
	if err != nil {
		return fmt.Errorf("read host key: %w", err)
	}
	unix.Umask(0o022)
	resolver, err := hostResolver()
	if err != nil {
		return err
	}
	if err := assemble(s); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(s.Instance)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	if err := furnish(s, hostKey, resolver); err != nil {
		return err
	}
	if err := dropPowers(); err != nil {
		return err
	}
	env := []string{path, "HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh", "LANG=C.UTF-8", "container=drover"}
	err = unix.Exec(s.Init[0], s.Init, env)
	return fmt.Errorf("start %s: %w", s.Init[0], err)
}

// assemble builds the node's mounts and leaves the host's behind.
func assemble(s Spec) error {
	// Nothing that happens here may reach the host's mount table.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	trees, links, err := hostTrees(s)
	if err != nil {
		return err
	}
	kernel, err := kernelTrees(s)
	if err != nil {
		return err
	}
	trees = append(trees, kernel...)
	for _, b := range s.Binds {
		t, err := cloneBind(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Target, err)
		}
		if t != nil {
			trees = append(trees, *t)
		}
	}
	if err := mountRoot(s); err != nil {
		return err
	}
	if err := enterRoot(s.Root.Mount); err != nil {
		return err
	}
	if err := linkUsr(links); err != nil {
		return err
	}
	own, err := ownUsrLocal()
	if err != nil {
		return err
	}
	// /usr is the first tree, and what lies on it follows.
	for _, t := range slices.Insert(trees, 1, own...) {
		if err := t.attach(); err != nil {
			return err
		}
	}
	if err := linkDevices(); err != nil {
		return err
	}
	return guardProc()
}

// linkDevices makes the links every /dev has.
func linkDevices() error {
	for _, l := range []usrLink{
		{"/dev/ptmx", "pts/ptmx"},
		{"/dev/fd", "/proc/self/fd"},
		{"/dev/stdin", "/proc/self/fd/0"},
		{"/dev/stdout", "/proc/self/fd/1"},
		{"/dev/stderr", "/proc/self/fd/2"},
	} {
		if err := os.Symlink(l.target, l.name); err != nil {
			return fmt.Errorf("device link: %w", err)
		}
	}
	return nil
}
