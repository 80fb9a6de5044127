package cli

import (
	"context"
	"errors"

	"drover/client"
	"drover/fault"
)

// Exit codes; `drover --help` prints exitHelp.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3
	exitUnreachable = 4
	exitDetached    = 130
)

const exitHelp = `Exit codes:
  0    done
  1    the operation failed, was cancelled or terminated; lint found errors
  2    wrong usage or invalid input; nothing was started or changed
  3    refused: no such cluster, another operation is running, or not allowed; nothing was changed
  4    Temporal, drover-console or a worker cannot be reached, or the credentials were refused
  130  interrupted (Ctrl-C): a running operation continues, see drover watch`

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// detached is a wait ended by the user; the operation continues.
type detached struct {
	clusterID string
	// unsure is true when the interrupt came while starting: the operation may or may not have started.
	unsure bool
}

func (d detached) Error() string { return "detached; the operation continues" }

// quiet is a failure whose output already says everything (lint).
type quiet struct{ code int }

func (quiet) Error() string { return "" }

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var (
		q      quiet
		usage  usageError
		left   detached
		failed *client.Failed
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &q):
		return q.code
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &left), errors.Is(err, context.Canceled):
		return exitDetached
	case errors.As(err, &failed):
		return failedCode(failed)
	}
	switch typeOf(err) {
	case fault.Invalid:
		return exitUsage
	case fault.NotFound, fault.Conflict, fault.NotAllowed:
		return exitRefused
	case fault.Unreachable, fault.Unauthorized:
		return exitUnreachable
	}
	return exitFailed
}

// failedCode distinguishes an operation that was refused from one that failed later: the same NotFound is "no such
// cluster" before the first step and "no such image" after it.
func failedCode(f *client.Failed) int {
	if f.State != client.StateRefused && f.State != client.StateFailed || f.Began {
		return exitFailed
	}
	switch f.Fault.Type {
	case fault.Invalid:
		return exitUsage
	case fault.NotFound, fault.Conflict, fault.NotAllowed:
		return exitRefused
	}
	return exitFailed
}

func typeOf(err error) fault.Type {
	if f := fault.As(err); f != nil {
		return f.Type
	}
	return ""
}
