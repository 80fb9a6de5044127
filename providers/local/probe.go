package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"drover/fault"
	"drover/providers/local/internal/sandbox"
)

// mayMount says whether this process has the capability to make namespaces and mounts without a user namespace.
func mayMount() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// namespaces says in which new namespaces a node's first process starts.
func (p *Provider) namespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Setsid:     true, // the terminal's and the worker's signals are not the node's
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
	}
	if p.rootless {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// probe finds out whether this machine lets us make sandboxes, before a user asks for one.
func (p *Provider) probe() (sandbox.Abilities, error) {
	var able sandbox.Abilities
	scratch, err := os.MkdirTemp(p.options.StateDir, "probe-")
	if err != nil {
		return able, ioFault(err, "make folder")
	}
	defer func() { _ = removeTree(scratch) }()
	cmd := exec.Command(p.options.NodeBinary, "probe", scratch)
	cmd.SysProcAttr = p.namespaces()
	cmd.Env = []string{} // the worker's may hold tokens
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		f := fault.Wrap(err, fault.NotAllowed, "this machine does not let provider local make sandboxes: %s", strings.TrimSpace(errs.String()))
		return able, f.WithHint("%s", p.hint(err))
	}
	if err := json.Unmarshal(out.Bytes(), &able); err != nil {
		return able, fault.Wrap(err, fault.Internal, "%s probe gave an answer that is not understood", p.options.NodeBinary)
	}
	if able.Problem != "" {
		return able, fault.New(fault.NotAllowed, "this machine does not let provider local make sandboxes: %s", able.Problem).
			WithHint("%s", p.hint(nil))
	}
	return able, nil
}

// hint looks for the usual reasons.
func (p *Provider) hint(err error) string {
	var release unix.Utsname
	if unix.Uname(&release) == nil {
		var major, minor int
		for i, part := range strings.SplitN(unix.ByteSliceToString(release.Release[:]), ".", 3) {
			n := 0
			for _, c := range part {
				if c < '0' || c > '9' {
					break
				}
				n = n*10 + int(c-'0')
			}
			switch i {
			case 0:
				major = n
			case 1:
				minor = n
			}
		}
		if major < 5 || major == 5 && minor < 12 {
			return "it needs Linux 5.12 or newer"
		}
	}
	if !p.rootless {
		return "the worker is root but something forbids it namespaces or mounts: a container needs --privileged, or use another provider"
	}
	for _, s := range []struct{ file, bad, words string }{
		{"/proc/sys/kernel/unprivileged_userns_clone", "0", "user namespaces are off: sysctl kernel.unprivileged_userns_clone=1, or run the worker as root"},
		{"/proc/sys/user/max_user_namespaces", "0", "user namespaces are off: sysctl user.max_user_namespaces=10000, or run the worker as root"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor restricts user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile for drover-node that allows userns, or run the worker as root"},
	} {
		raw, readErr := os.ReadFile(s.file)
		if readErr == nil && strings.TrimSpace(string(raw)) == s.bad {
			return s.words
		}
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) {
		return "the limit of user namespaces is reached: raise sysctl user.max_user_namespaces, or run the worker as root"
	}
	return "run the worker as root, or allow user namespaces (in a container: --privileged, or a seccomp profile with unshare, mount and pivot_root)"
}
