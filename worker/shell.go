package main

import (
	"context"
	"strings"

	"drover/providers/static"
	"drover/remote"
)

// shell runs the static provider's scripts over the pool. A script is standard input: it may be long, and is in no list
// of processes.
type shell struct{ pool *remote.Pool }

func (s shell) Run(ctx context.Context, at static.Access, script string) (static.Result, error) {
	command := "sh -s"
	if at.User != "root" {
		command = "sudo -n sh -s"
	}
	r, err := s.pool.Run(ctx, targetOf(at), command, strings.NewReader(script))
	if err != nil {
		return static.Result{}, err
	}
	return static.Result{ExitCode: r.ExitCode, Stdout: string(r.Stdout), Stderr: string(r.Stderr)}, nil
}

func (s shell) Reach(ctx context.Context, at static.Access) error {
	return s.pool.Reach(ctx, targetOf(at))
}

func targetOf(at static.Access) remote.Target {
	t := remote.Target{Addr: at.Addr, User: at.User, HostKey: at.HostKey, KeyFile: at.KeyFile}
	if j := at.Jump; j != nil {
		t.Jump = &remote.Target{Addr: j.Addr, User: j.User, HostKey: j.HostKey, KeyFile: j.KeyFile}
	}
	return t
}
