// Package fault is the common vocabulary of failures: type, location, cause, and whether a retry of the same call can
// succeed. Providers, metadata, remote and the agent's client return faults; the activity boundary
// converts them once; workflows branch on the type and never on text.
//
// It is not a logging or wrapping library, and it knows nothing of Temporal.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Type names a kind of failure. Types are part of the contract: they appear in Temporal history and in `-o json`.
type Type string

const (
	// Invalid: the request or package cannot be accepted as it is. Nothing was changed.
	Invalid Type = "Invalid"
	// NotFound: the named cluster, package, node, resource or command does not exist.
	NotFound Type = "NotFound"
	// Conflict: another operation or another writer changed or owns the object.
	Conflict Type = "Conflict"
	// NotAllowed: the cluster's state, its package or a guard forbids the operation.
	NotAllowed Type = "NotAllowed"
	// HostKeyChanged: the node answered with another host key than the one recorded at provisioning.
	HostKeyChanged Type = "HostKeyChanged"
	// Unauthorized: credentials were refused by a node, Consul or a provider.
	Unauthorized Type = "Unauthorized"
	// Unreachable: a node, Consul or a provider could not be reached in time. A retry may succeed.
	Unreachable Type = "Unreachable"
	// NoCapacity: the provider lacks the requested resources (addresses, disk, machines).
	NoCapacity Type = "NoCapacity"
	// CommandFailed: a package's command ended with a non-zero exit code or timed out.
	CommandFailed Type = "CommandFailed"
	// OutcomeUnknown: a command began and its result is unknown (power loss during the command).
	OutcomeUnknown Type = "OutcomeUnknown"
	// ConfigFailed: a node applied a revision with warnings and strict_config is set.
	ConfigFailed Type = "ConfigFailed"
	// BarrierTimeout: a node did not report a revision as applied within the barrier's timeout.
	BarrierTimeout Type = "BarrierTimeout"
	// Internal: a defect of Drover or of a system it uses, with no better name.
	Internal Type = "Internal"
)

// Fault is one failure. The zero Retryable means: the same call will fail again.
type Fault struct {
	Type      Type   `json:"type"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable,omitempty"`
	// Cluster, Node and Service are the location; empty when they do not apply.
	Cluster string `json:"cluster,omitempty"`
	Node    string `json:"node,omitempty"`
	Service string `json:"service,omitempty"`
	// ExitCode is the command's exit code for CommandFailed (-1: killed or timed out).
	ExitCode int `json:"exit_code,omitempty"`
	// Output is the end of the command's output, at most 4 KiB, secrets already removed.
	Output string `json:"output,omitempty"`
	// Hint is the next action, as one imperative sentence.
	Hint string `json:"hint,omitempty"`
	// Problems lists every single problem of an Invalid fault.
	Problems []string `json:"problems,omitempty"`
	// Refused: an operation did not begin, and nothing was changed.
	Refused bool `json:"refused,omitempty"`

	cause error
}

// Error gives message, place and hint on one line; Output and Problems are for printers.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Message)
	if f.cause != nil {
		fmt.Fprintf(&b, ": %v", f.cause)
	}
	if f.Hint != "" {
		fmt.Fprintf(&b, " (%s)", f.Hint)
	}
	return b.String()
}

// Unwrap gives the cause, if any.
func (f *Fault) Unwrap() error { return f.cause }

// retryable are the types for which a retry with the same input can succeed.
func retryable(t Type) bool {
	switch t {
	case Unreachable, NoCapacity, Internal:
		return true
	}
	return false
}

// New makes a fault of type t; whether it is retryable follows from the type.
func New(t Type, format string, args ...any) *Fault {
	return &Fault{Type: t, Message: fmt.Sprintf(format, args...), Retryable: retryable(t)}
}

// Wrap makes a fault of type t caused by err. A cause that already is a Fault keeps its own type and place.
func Wrap(err error, t Type, format string, args ...any) *Fault {
	var inner *Fault
	if errors.As(err, &inner) {
		out := *inner
		out.Message = fmt.Sprintf(format, args...) + ": " + inner.Message
		return &out
	}
	f := New(t, format, args...)
	f.cause = err
	return f
}

// At fills the place of a fault and returns it.
func (f *Fault) At(cluster, node, service string) *Fault {
	f.Cluster, f.Node, f.Service = cluster, node, service
	return f
}

// WithHint sets what to do next and returns the fault.
func (f *Fault) WithHint(format string, args ...any) *Fault {
	f.Hint = fmt.Sprintf(format, args...)
	return f
}

// As finds the fault in err; nil when there is none.
func As(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// Is says whether err is a fault of type t.
func Is(err error, t Type) bool {
	f := As(err)
	return f != nil && f.Type == t
}
