package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// kept are the capabilities root has inside a node; every other one leaves the bounding set for good. What is missing
// and why: SYS_ADMIN (mounts), MKNOD and SYS_RAWIO (the host's disks), DAC_READ_SEARCH (open files by handle, outside
// of the root), SYS_MODULE, SYS_BOOT, SYS_TIME, BPF, PERFMON, SYSLOG (the kernel), NET_ADMIN and NET_RAW (the network is
// the host's), SYS_PTRACE, LINUX_IMMUTABLE (a node must stay deletable).
var kept = map[uintptr]bool{
	unix.CAP_CHOWN:            true,
	unix.CAP_DAC_OVERRIDE:     true,
	unix.CAP_FOWNER:           true,
	unix.CAP_FSETID:           true,
	unix.CAP_KILL:             true,
	unix.CAP_SETGID:           true,
	unix.CAP_SETUID:           true,
	unix.CAP_SETPCAP:          true,
	unix.CAP_SETFCAP:          true,
	unix.CAP_NET_BIND_SERVICE: true,
	unix.CAP_SYS_CHROOT:       true,
	unix.CAP_AUDIT_WRITE:      true,
	unix.CAP_IPC_LOCK:         true,
}

// dropPowers bounds what the calling thread's next program can do; exec must follow on the same thread.
func dropPowers() error {
	for c := uintptr(0); c <= 63; c++ {
		if kept[c] {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			break // beyond the kernel's last capability
		}
		if err != nil {
			return fmt.Errorf("give up capability %d: %w", c, err)
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("clear ambient capabilities: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("clear inheritable capabilities: %w", err)
	}
	// A new session keyring: the worker's keys are not the node's. Kernels without keyrings have nothing to hide.
	if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("leave the session keyring: %w", err)
	}
	return nil
}
