package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"drover/fault"
)

// engineFault is the fault of a call that the engine refused or did not answer.
func engineFault(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	kind := fault.Internal
	var broken net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &broken),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), client.IsErrConnectionFailed(err), errdefs.IsUnavailable(err):
		kind = fault.Unreachable
	case errdefs.IsNotFound(err):
		kind = fault.NotFound
	case errdefs.IsConflict(err), errdefs.IsAlreadyExists(err):
		kind = fault.Conflict
	case errdefs.IsInvalidArgument(err):
		kind = fault.Invalid
	case errdefs.IsUnauthorized(err):
		kind = fault.Unauthorized
	}
	f := fault.Wrap(err, kind, "provider docker: %s", fmt.Sprintf(format, args...))
	if f.Type == fault.Unreachable {
		f.Hint = "check that the Docker engine runs and that the worker may open its socket"
	}
	return f
}
