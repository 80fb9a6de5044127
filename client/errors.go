package client

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"drover/fault"
)

// Failed is an operation that ran and did not succeed; Fault says why. It is apart from faults of the CLI's own calls
// because the same type means something else: Unreachable here is a node, there it is Temporal.
type Failed struct {
	Operation string
	ClusterID string
	// State is "failed", "refused", "cancelled", "terminated" or "timed_out".
	State string
	// Began is true when a documented step had an effect: then a refusal is not "nothing was changed".
	Began bool
	Fault *fault.Fault
}

func (f *Failed) Error() string {
	what := f.Operation
	if f.ClusterID != "" {
		what += " " + f.ClusterID
	}
	return fmt.Sprintf("%s %s: %s", what, words(f.State), f.Fault.Error())
}

// Unwrap gives the fault.
func (f *Failed) Unwrap() error { return f.Fault }

func words(state string) string {
	switch state {
	case StateRefused:
		return "was refused"
	case StateCancelled:
		return "was cancelled"
	case StateTerminated:
		return "was terminated"
	case StateTimedOut:
		return "timed out"
	}
	return "failed"
}

// closeFault reads the error a workflow ended with: how it ended, and the fault its first detail carries. An error
// without a fault inside still becomes one, so that printers have one shape.
func closeFault(err error) (string, *fault.Fault) {
	var whole *temporal.WorkflowExecutionError
	if errors.As(err, &whole) && whole.Unwrap() != nil {
		err = whole.Unwrap()
	}
	// How the workflow itself ended is the outermost error alone: deeper ones are about its activities.
	switch err.(type) {
	case *temporal.CanceledError:
		return StateCancelled, fault.New(fault.Conflict, "the operation was cancelled")
	case *temporal.TerminatedError:
		return StateTerminated, fault.New(fault.Conflict, "the workflow was terminated; nothing was undone").
			WithHint("delete the cluster with drover delete, which works from every state")
	case *temporal.TimeoutError:
		return StateTimedOut, fault.New(fault.Unreachable, "the workflow timed out")
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Message() == encodedFailure {
		return StateFailed, encrypted()
	}
	if app == nil {
		return StateFailed, fault.Wrap(err, fault.Internal, "the workflow ended with an error of unknown kind")
	}
	var f fault.Fault
	if app.HasDetails() && app.Details(&f) == nil && f.Message != "" {
		if f.Refused {
			return StateRefused, &f
		}
		return StateFailed, &f
	}
	t := fault.Type(app.Type())
	if t == "" {
		t = fault.Internal
	}
	return StateFailed, &fault.Fault{Type: t, Message: app.Message()}
}

// serviceFault turns the error of a call to Temporal's frontend into a fault. An interrupted ctx stays itself.
func serviceFault(ctx context.Context, err error, format string, args ...any) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if inner := fault.As(err); inner != nil { // of the payload codec
		return fault.Wrap(err, inner.Type, format, args...)
	}
	var namespace *serviceerror.NamespaceNotFound
	if errors.As(err, &namespace) {
		return fault.Wrap(err, fault.Unreachable, format, args...).
			WithHint("create the namespace or choose another with --namespace or TEMPORAL_NAMESPACE")
	}
	var denied *serviceerror.PermissionDenied
	if errors.As(err, &denied) {
		return fault.Wrap(err, fault.Unauthorized, format, args...).
			WithHint("check the credentials of the Temporal profile in use")
	}
	var invalid *serviceerror.InvalidArgument
	if errors.As(err, &invalid) {
		return fault.Wrap(err, fault.Invalid, format, args...)
	}
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return fault.Wrap(err, fault.NotFound, format, args...)
	}
	return fault.Wrap(err, fault.Unreachable, format, args...)
}
