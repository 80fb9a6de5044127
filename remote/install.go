package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// AgentInstall is what Ensure makes true on a node.
type AgentInstall struct {
	// BinaryPath is the drover-agent on this machine, built for the node. A node that has it already gets no upload.
	BinaryPath string
	Config     api.Config
}

// Ensure makes the node run the agent with this binary and configuration, and returns when the agent has answered under
// its cluster, node and instance ids. What is right already is left alone: a running agent of the same configuration is
// not restarted. Commands that run on the node go on in any case.
//
// The usual cost is one shell on the node and one question to the agent; the binary travels only when it differs. A
// node that cannot be reached is tried again for as long as a started agent may take to answer.
func (a *Agents) Ensure(ctx context.Context, t Target, in AgentInstall) error {
	var refused error // what trying again would not change
	err := a.endure(ctx, t, a.ready, func(ctx context.Context) error {
		refused = nil
		err := a.ensure(ctx, t, in)
		if !fault.Is(err, fault.Unreachable) {
			refused = err
			return nil
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return at(t, "install and start", err)
}

func (a *Agents) ensure(ctx context.Context, t Target, in AgentInstall) error {
	bin, err := a.binaries.of(in.BinaryPath)
	if err != nil {
		return err
	}
	config, err := json.Marshal(in.Config)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "encode the agent's configuration")
	}
	check, same, err := bin.check()
	if err != nil {
		return err
	}
	outcome, err := a.prepare(ctx, t, config, setup{paths: a.paths, check: check, same: same})
	if err == nil && outcome == needsBinary {
		outcome, err = a.upload(ctx, t, bin, config)
	}
	if err != nil {
		return err
	}
	if outcome == wasRunning {
		st, err := a.Status(ctx, t)
		if err == nil && answersAs(st, in.Config) {
			return nil
		}
		if f := fault.As(err); f != nil && !f.Retryable {
			return err
		}
		// A socket left by a dead agent, or an agent that began before its configuration was replaced.
		if _, err := a.prepare(ctx, t, config, setup{paths: a.paths, check: check, same: same, restart: true}); err != nil {
			return err
		}
	}
	return a.awaitAgent(ctx, t, in.Config)
}

// upload brings the binary to the node, where it is compared in full.
func (a *Agents) upload(ctx context.Context, t Target, bin *binary, config []byte) (found, error) {
	f, err := os.Open(bin.path)
	if err != nil {
		return 0, fault.Wrap(err, fault.Invalid, "the drover-agent to install")
	}
	defer f.Close()
	if err := a.pool.Upload(ctx, t, f, a.paths.binary, 0o755); err != nil {
		return 0, err
	}
	check, same, err := bin.full()
	if err != nil {
		return 0, err
	}
	outcome, err := a.prepare(ctx, t, config, setup{paths: a.paths, check: check, same: same, restart: true})
	if err == nil && outcome == needsBinary {
		err = fault.New(fault.Internal, "%s on the node differs from what was just uploaded", a.paths.binary).
			WithHint("was the worker's copy replaced meanwhile? Try again")
	}
	return outcome, err
}

// prepare runs the setup script once.
func (a *Agents) prepare(ctx context.Context, t Target, config []byte, s setup) (found, error) {
	r, err := a.pool.Run(ctx, t, s.command(), bytes.NewReader(append(bytes.Clone(config), '\n')))
	if err != nil {
		return 0, err
	}
	switch said := found(r.ExitCode); said {
	case needsBinary, wasRunning, wasStarted:
		return said, nil
	}
	f := t.fault(fault.Internal, "the setup script ended with code %d: %s", r.ExitCode, lastLine(r.Stderr))
	if r.ExitCode == 0 {
		f = t.fault(fault.Internal, "the setup script ended without saying what it did").
			WithHint("does the node's login shell or sshd run something else instead of the command?")
	}
	f.Output = tail(append(r.Stdout, r.Stderr...))
	return 0, f
}

func lastLine(b []byte) string {
	s := tail(b)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// awaitAgent asks until the agent answers as the configured node.
func (a *Agents) awaitAgent(ctx context.Context, t Target, want api.Config) error {
	start := time.Now()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		st, err := a.Status(ctx, t)
		switch {
		case err == nil && answersAs(st, want):
			return nil
		case ctx.Err() != nil:
			return ctxFault(ctx, t, "hear from the agent of")
		case err != nil && !fault.As(err).Retryable:
			return err
		case time.Since(start) < a.ready:
			_ = sleep(ctx, pause)
			continue
		case err != nil:
			return fault.Wrap(err, fault.Unreachable, "started, and not answering for %s", a.ready)
		}
		return t.fault(fault.Conflict, "node %s runs the agent of %s/%s/%s, expected %s/%s/%s", t,
			st.ClusterID, st.NodeID, st.InstanceID, want.ClusterID, want.NodeID, want.InstanceID).
			WithHint("the machine may belong to another cluster")
	}
}

func answersAs(st api.Status, want api.Config) bool {
	return st.ClusterID == want.ClusterID && st.NodeID == want.NodeID && st.InstanceID == want.InstanceID
}
