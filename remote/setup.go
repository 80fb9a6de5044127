package remote

import (
	"bytes"
	"context"
	"strings"
	"time"

	"drover/agent/api"
	"drover/fault"
)

// setupCommand is the command that makes a node run the agent: one process, the agent's own program, since 200 nodes may
// share two cores. The configuration comes on standard input, so that its token is not in any process list.
func (p paths) setupCommand(program string, ready time.Duration) string {
	words := []string{p.binary, "start", "--stdin", "--program", program, "--config", p.config, "--socket", p.socket,
		"--timeout", ready.String()}
	for i, w := range words {
		words[i] = Quote(w)
	}
	return "exec " + strings.Join(words, " ")
}

// setup runs the agent's start on the node. It returns false when the node does not have this program.
func (a *Agents) setup(ctx context.Context, t Target, program string, config []byte) (bool, error) {
	r, err := a.pool.Run(ctx, t, a.paths.setupCommand(program, a.ready), bytes.NewReader(config))
	if err != nil {
		return false, err
	}
	var f *fault.Fault
	switch r.ExitCode {
	case api.SetupDone:
		return true, nil
	case api.SetupForeign:
		f = faultAt(t, fault.Conflict, "node %s runs another agent: %s", t, lastLine(r.Stderr)).
			WithHint("the machine may belong to another cluster")
	case api.SetupFailed:
		f = faultAt(t, fault.Internal, "the start of the agent failed: %s", lastLine(r.Stderr))
	case 0:
		f = faultAt(t, fault.Internal, "the setup ended without reporting a result").
			WithHint("check whether the node's login shell or sshd runs another program in place of the command")
	default:
		// The program differs, is missing or damaged, is for another processor, or is too old for the command: the file is
		// uploaded and compared in full.
		return false, nil
	}
	f.Output = tail(append(r.Stdout, r.Stderr...))
	return false, f
}

func lastLine(b []byte) string {
	s := tail(b)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
