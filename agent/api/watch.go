package api

import "context"

// Watch is what the caller of a long call to a node decides and learns meanwhile. Any function may be nil.
type Watch struct {
	// MayBegin is asked just before a command begins; when it fails, nothing begins.
	MayBegin func(context.Context) error
	// Progress is called with every answer about the command.
	Progress func(CommandStatus)
	// Silent is called when the node has not answered for some seconds, and again from time to time. An error ends the
	// call with it.
	Silent func(context.Context) error
}
