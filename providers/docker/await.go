package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"drover/agent/api"
	"drover/fault"
)

// bootTime is how long a started node may take to answer.
const bootTime = time.Minute

// await waits until the node's SSH server answers.
func (p *Provider) await(ctx context.Context, n *node) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	address := net.JoinHostPort(n.address.String(), sshPort)
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := banner(ctx, address)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fault.Wrap(err, fault.Unreachable, "provider docker: instance %s runs but does not answer SSH on %s", n.spec.ID, address).
				WithHint("the worker must be on the engine's machine, or in a container that is attached to the networks of nodes")
		case <-time.After(wait):
		}
		now, findErr := p.existing(context.WithoutCancel(ctx), n.spec.ID)
		if findErr != nil {
			return findErr
		}
		if now.begun && !now.running {
			f := fault.New(fault.Internal, "provider docker: instance %s ended while it booted", n.spec.ID)
			f.Output = p.console(context.WithoutCancel(ctx), n)
			return f
		}
	}
}

// banner reads the first line of an SSH server.
func banner(ctx context.Context, address string) error {
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	word := make([]byte, len("SSH-2.0"))
	if _, err := io.ReadFull(conn, word); err != nil {
		return err
	}
	if string(word) != "SSH-2.0" {
		return errors.New("the answer is not from an SSH server")
	}
	return nil
}

// console is the end of the output of process 1 of a node, for error texts.
func (p *Provider) console(ctx context.Context, n *node) string {
	logs, err := p.engine.ContainerLogs(ctx, n.container, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "40"})
	if err != nil {
		return ""
	}
	defer logs.Close()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, io.LimitReader(logs, 1<<20))
	return string(text.Bytes()[max(0, text.Len()-api.OutputTail):])
}
