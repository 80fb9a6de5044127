package main

import (
	"context"
	"io"
	"strings"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/lifecycle"
	"drover/remote"
)

// folders moves folders of nodes through the agent's program.
type folders struct{ pool *remote.Pool }

// noFolder is the exit code of pack for a folder that does not exist.
const noFolder = 3

func (f folders) ReadFolder(ctx context.Context, n lifecycle.Node, dir string, w io.Writer) error {
	return f.run(ctx, n, "pack", dir, nil, w)
}

func (f folders) WriteFolder(ctx context.Context, n lifecycle.Node, dir string, r io.Reader) error {
	return f.run(ctx, n, "unpack", dir, r, io.Discard)
}

func (f folders) RemoveFolder(ctx context.Context, n lifecycle.Node, dir string) error {
	return f.run(ctx, n, "remove", dir, nil, io.Discard)
}

func (f folders) run(ctx context.Context, n lifecycle.Node, verb, dir string, stdin io.Reader, stdout io.Writer) error {
	r, err := f.pool.Pipe(ctx, n.SSH.Of(n.ID), agentapi.Binary+" folder "+verb+" "+remote.Quote(dir), stdin, stdout)
	switch {
	case err != nil:
		return err
	case r.ExitCode == noFolder:
		return fault.New(fault.NotFound, "folder %s does not exist on %s", dir, n.Label()).At("", n.ID, "")
	case r.ExitCode != 0:
		return fault.New(fault.Unreachable, "%s folder %s on %s ended with exit code %d: %s", verb, dir, n.Label(), r.ExitCode, strings.TrimSpace(string(r.Stderr))).At("", n.ID, "")
	}
	return nil
}
