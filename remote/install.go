package remote

import (
	"context"
	"encoding/json"
	"os"
	"path"
	"strings"

	"drover/agent/api"
	"drover/fault"
)

// AgentInstall is the state that Ensure establishes on a node.
type AgentInstall struct {
	// BinaryPath is the drover-agent on this machine, built for the node. A node that has it already gets no upload.
	BinaryPath string
	Config     api.Config
}

// Ensure makes the node run the agent with this binary and configuration, and returns when the agent has answered under
// its cluster, node and instance ids. It is idempotent: a running agent with the same binary and configuration is not
// restarted. Commands that run on the node always continue.
//
// The usual cost is one process on the node; the binary is uploaded only when it differs. An unreachable node is
// retried for as long as a started agent may take to answer.
func (a *Agents) Ensure(ctx context.Context, t Target, in AgentInstall) error {
	var permanent error // a failure that a retry would not change
	err := a.retry(ctx, t, a.ready, nil, func(ctx context.Context) error {
		permanent = nil
		err := a.ensure(ctx, t, in)
		if !fault.Is(err, fault.Unreachable) {
			permanent = err
			return nil
		}
		return err
	})
	if err == nil {
		err = permanent
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
	config = append(config, '\n')
	program, err := bin.cheapest()
	if err != nil {
		return err
	}
	done, err := a.setup(ctx, t, program, config)
	if err != nil || done {
		return err
	}
	return a.upload(ctx, t, bin, config)
}

// upload copies the binary to the node, where it is compared in full.
func (a *Agents) upload(ctx context.Context, t Target, bin *binary, config []byte) error {
	f, err := os.Open(bin.path)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the drover-agent to install")
	}
	defer f.Close()
	if err := a.pool.Upload(ctx, t, f, a.paths.binary, 0o755); err != nil {
		if !fault.Is(err, fault.Unreachable) && a.mounted(ctx, t) {
			return a.provided(t, err)
		}
		return err
	}
	program, err := bin.full()
	if err != nil {
		return err
	}
	done, err := a.setup(ctx, t, program, config)
	if err == nil && !done {
		err = fault.New(fault.Internal, "%s on the node does not run, or differs from the uploaded file", a.paths.binary).
			WithHint("check that it is built for the node's processor, and that the worker's copy was not replaced meanwhile; then retry")
	}
	return err
}

// mounted says whether the agent's program, or its folder, is a mount of its own on the node.
func (a *Agents) mounted(ctx context.Context, t Target) bool {
	r, err := a.pool.Run(ctx, t, "cat /proc/self/mountinfo", nil)
	if err != nil || r.ExitCode != 0 {
		return false
	}
	for line := range strings.Lines(string(r.Stdout)) {
		const mountPoint = 4
		if words := strings.Fields(line); len(words) > mountPoint && (words[mountPoint] == a.paths.binary || words[mountPoint] == path.Dir(a.paths.binary)) {
			return true
		}
	}
	return false
}

// provided is a node whose provider gives it the program, and gives it another one.
func (a *Agents) provided(t Target, err error) error {
	f := faultAt(t, fault.NotAllowed, "%s of node %s is provided by its machine, is not this worker's drover-agent, and cannot be replaced: %s",
		a.paths.binary, t, fault.As(err).Message)
	return f.WithHint("start the worker again if its programs were replaced; a machine that an older release has booted needs a power cycle: " +
		"drover stop, then drover start (drover restart leaves machines on)")
}
