package local

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"drover/fault"
	"drover/providers/local/internal/sandbox"
)

// alive finds process 1 of a node; nil when the node is off. Pids are reused: start time and boot id must match too.
func (p *Provider) alive(id string) (*sandbox.Process, error) {
	var recorded sandbox.Process
	ok, err := readJSON(p.nodeDir(id, "pid.json"), &recorded)
	if err != nil || !ok {
		return nil, err
	}
	now, state, err := sandbox.Describe(strconv.Itoa(recorded.Pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return nil, nil
	}
	if err != nil {
		return nil, ioFault(err, "look for node %s", id)
	}
	if now != recorded || state == "Z" || state == "X" {
		return nil, nil
	}
	return &recorded, nil
}

// powerOff kills the node's process 1, whereupon the kernel ends everything in its pid namespace, and waits for that:
// process 1 ends last. Mounts end with the namespace.
func (p *Provider) powerOff(ctx context.Context, id string) error {
	process, err := p.alive(id)
	if err != nil || process == nil {
		return err
	}
	pidfd, err := unix.PidfdOpen(process.Pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return ioFault(err, "open process %d of node %s", process.Pid, id)
	}
	defer unix.Close(pidfd)
	// From here on the pidfd is one process; was it ours?
	if again, err := p.alive(id); err != nil || again == nil {
		return err
	}
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return ioFault(err, "kill node %s", id)
	}
	for {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 100)
		if ready > 0 {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return ioFault(err, "wait for node %s to end", id)
		}
		if ctx.Err() != nil {
			return fault.Wrap(context.Cause(ctx), fault.Unreachable, "provider local: node %s (process %d) was killed and has not ended yet", id, process.Pid)
		}
	}
}

// bootTime is what a node may take to answer SSH; it takes tens of milliseconds unless the machine is overloaded.
const bootTime = 2 * time.Minute

// bootFault reports a node that did not come up, with what it printed.
func (p *Provider) bootFault(id, why string) error {
	f := fault.New(fault.Internal, "provider local: node %s did not boot: %s", id, why)
	f.Output = tail(p.nodeDir(id, "console.log"))
	return f.WithHint("its console is %s", p.nodeDir(id, "console.log"))
}
