package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"drover/client"
	wire "drover/console/api"
	"drover/fault"
)

// The framework's own errors, of inputs that do not fit the document, have the shape of all others.
func init() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(code int, text string, errs ...error) huma.StatusError {
		f := fault.New(typeOfStatus(code), "%s", text)
		for _, err := range errs {
			f.Problems = append(f.Problems, err.Error())
		}
		return problem(code, f)
	}
}

func problem(code int, f *fault.Fault) *wire.Problem {
	detail := f.Message
	if cause := errors.Unwrap(f); cause != nil {
		detail += ": " + cause.Error()
	}
	out := *f
	out.Message = detail // JSON carries no causes
	return &wire.Problem{
		Type: "urn:drover:fault:" + string(f.Type), Title: titles[f.Type], Status: code, Detail: detail, Fault: out,
	}
}

// failed makes a problem of any error.
func failed(err error) error {
	if err == nil {
		return nil
	}
	var ready *wire.Problem
	if errors.As(err, &ready) {
		return ready
	}
	f := fault.As(err)
	switch {
	case f != nil:
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Unreachable, "the request ended before it was answered")
	default:
		f = fault.Wrap(err, fault.Internal, "unexpected")
	}
	code := statusOf(f.Type)
	var ended *client.Failed
	if !errors.As(err, &ended) {
		return problem(code, f)
	}
	if code == http.StatusServiceUnavailable {
		code = http.StatusBadGateway // a worker answered: what it could not reach is behind it
	}
	p := problem(code, f)
	p.Ended = &wire.Ended{Operation: ended.Operation, ClusterID: ended.ClusterID, State: ended.State, Began: ended.Began}
	return p
}

var titles = map[fault.Type]string{
	fault.Invalid: "The request is invalid", fault.NotFound: "It does not exist", fault.Conflict: "Another operation or writer owns it",
	fault.NotAllowed: "It is not allowed", fault.HostKeyChanged: "A host key changed", fault.Unauthorized: "The credentials were refused",
	fault.Unreachable: "A server, worker or node does not respond", fault.NoCapacity: "The provider lacks the resources",
	fault.CommandFailed: "A command failed", fault.OutcomeUnknown: "The result of a command is unknown",
	fault.ConfigFailed: "A configuration could not be applied", fault.BarrierTimeout: "A revision was not applied in time",
	fault.Internal: "A defect",
}

func statusOf(t fault.Type) int {
	switch t {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.NotAllowed:
		return http.StatusForbidden
	case fault.Unreachable, fault.NoCapacity:
		return http.StatusServiceUnavailable
	case fault.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusBadGateway
}

func typeOfStatus(code int) fault.Type {
	switch code {
	case http.StatusUnauthorized:
		return fault.Unauthorized
	case http.StatusForbidden:
		return fault.NotAllowed
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return fault.NotFound
	case http.StatusConflict:
		return fault.Conflict
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusRequestTimeout:
		return fault.Unreachable
	}
	if code >= http.StatusInternalServerError {
		return fault.Internal
	}
	return fault.Invalid
}
