package workflows

import (
	"errors"
	"strings"

	"go.temporal.io/sdk/temporal"

	"drover/activities"
	"drover/fault"
	"drover/workflows/api"
)

// outcomeOf says how an operation that ended with err ended.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return api.OpSucceeded
	case temporal.IsCanceledError(err):
		return api.OpCancelled
	}
	return api.OpFailed
}

// wire makes the error that leaves the workflow: faults as application errors of their type, never retryable (an
// operation is started again by people), the innermost application error for failed activities.
func wire(err error) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	f := faultOf(err)
	f.Retryable = false
	return activities.ToTemporal(f)
}

// refusal marks the fault of a request that cannot be granted as it is. Others, such as a Consul that does not respond, are
// failures.
func refusal(err error) error {
	f := faultOf(err)
	if f.Refused { // what the beginning foresees
		return f
	}
	switch f.Type {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.NotAllowed:
		f.Refused = true
		return f
	}
	return err
}

// faultOf finds the fault in an error, also in one that came over the wire.
func faultOf(err error) *fault.Fault {
	if f := fault.As(err); f != nil {
		out := *f
		return &out
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.HasDetails() {
		var f fault.Fault
		if app.Details(&f) == nil && f.Type != "" {
			return &f
		}
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return fault.Wrap(err, fault.Unreachable, "an activity did not end in time")
	}
	return fault.Wrap(err, fault.Internal, "unexpected error")
}

// summary is the fault's message on one line, without output.
func summary(err error) string {
	if temporal.IsCanceledError(err) {
		return "cancelled"
	}
	return strings.ReplaceAll(faultOf(err).Message, "\n", " ")
}
