package keep

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"drover/agent/api"
	"drover/agent/client"
	"drover/agent/daemon"
	"drover/durable"
	"drover/fault"

	"golang.org/x/sys/unix"
)

// poll is how often Start and Stop look at first; both are over in a moment. Where many nodes share few cores, an agent
// may take seconds: looking is then itself work, and gets rarer.
const (
	poll     = 10 * time.Millisecond
	pollMost = 100 * time.Millisecond
)

// Start makes the agent run with this program and these settings, and waits up to limit until it answers.
func (n Node) Start(ctx context.Context, limit time.Duration) (api.Status, error) {
	n, err := n.withDefaults()
	if err != nil {
		return api.Status{}, err
	}
	config, err := daemon.LoadConfig(n.ConfigFile)
	if err != nil {
		return api.Status{}, err
	}
	want := daemon.Fingerprint(daemon.ProgramStamp(n.Program), config)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	w := n.way()
	before, failed := n.ask(ctx)
	changed, err := w.begin(ctx)
	if failed != nil || before.Fingerprint != want {
		// The node starts the program after a power cut, and not every SSH server writes uploads out. Where it cannot be
		// synced, as on some read-only mounts, it need not be.
		_ = durable.Keep(n.Program)
	}
	if err == nil && failed == nil && (changed || before.Fingerprint != want) {
		err = w.restart(ctx)
	}
	if err != nil {
		return api.Status{}, err
	}
	var other api.Status // of an agent that is not the one
	for pause := poll; ; pause = min(pause*3/2, pollMost) {
		st, err := n.ask(ctx)
		if err == nil && st.Fingerprint == want {
			return st, nil
		}
		if err == nil {
			other = st
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if other.NodeID != "" {
				return other, fault.New(fault.Conflict, "the agent of %s/%s/%s answers after %s, with other settings or of another version",
					other.ClusterID, other.NodeID, other.InstanceID, limit).
					WithHint("see what runs it: a process that is not drover-agent's")
			}
			return st, fault.Wrap(err, fault.Unreachable, "the agent was started and is not there after %s", limit).
				WithHint("its log says why: %s, or journalctl -u drover-agent", n.LogFile)
		}
	}
}

// Stop ends the agent and keeps it from coming back; commands continue. Without an agent it does nothing.
func (n Node) Stop(ctx context.Context, limit time.Duration) error {
	n, err := n.withDefaults()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// Every way that was used, not only the one of today.
	for _, w := range []way{unit{n}, service{n}, parent{n}} {
		if err := w.end(ctx); err != nil {
			return err
		}
	}
	if err := n.signalAgent(syscall.SIGTERM); err != nil {
		return err
	}
	for {
		if pid, err := n.agentPid(); err != nil || pid == 0 {
			return err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return fault.New(fault.Unreachable, "the agent has not ended after %s", limit)
		}
	}
}

// askLimit bounds one question: an agent that hangs is as good as none.
const askLimit = 5 * time.Second

func (n Node) ask(ctx context.Context) (api.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return client.Unix(n.Socket).Status(ctx)
}

// agentPid is the process that listens on the socket, as the kernel knows it; 0 when no process does.
func (n Node) agentPid() (int, error) {
	conn, err := net.Dial("unix", n.Socket)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return 0, nil
	}
	if err != nil {
		return 0, fault.Wrap(err, fault.Internal, "look for the agent")
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, fault.Wrap(err, fault.Internal, "look for the agent")
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil || credErr != nil {
		return 0, fault.Wrap(errors.Join(err, credErr), fault.Internal, "look for the agent")
	}
	return int(cred.Pid), nil
}

// signalAgent signals the running agent, if there is one.
func (n Node) signalAgent(sig syscall.Signal) error {
	pid, err := n.agentPid()
	if err != nil || pid <= 1 {
		return err
	}
	if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH {
		return fault.Wrap(err, fault.Internal, "signal the agent (process %d)", pid)
	}
	return nil
}
