package main

import (
	"context"
	"strings"

	"drover/providers/static"
	"drover/remote"
	"drover/remote/target"
)

// shell runs the static provider's scripts over the pool. A script is passed on standard input: it may be long, and must
// not be in a list of processes.
type shell struct{ pool *remote.Pool }

func (s shell) Run(ctx context.Context, at target.Target, script string) (static.Result, error) {
	command := "sh -s"
	if at.User != "root" {
		command = "sudo -n sh -s"
	}
	r, err := s.pool.Run(ctx, at, command, strings.NewReader(script))
	if err != nil {
		return static.Result{}, err
	}
	return static.Result{ExitCode: r.ExitCode, Stdout: string(r.Stdout), Stderr: string(r.Stderr)}, nil
}

func (s shell) Reach(ctx context.Context, at target.Target) error {
	return s.pool.Reach(ctx, at)
}
