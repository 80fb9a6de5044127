// Package reader is the read side of a cluster's metadata: it waits for revisions, reads a whole tree at once, and
// arranges it for templates. It is linked into the agent, so it uses the standard library, fault and metadata/pack only,
// and keeps memory and time per read small.
//
// It writes nothing but the report of its node (Beat), does not retry (callers back off), and does not render templates. Callers: the
// agent's watch loop and its metadata HTTP; tests.
package reader
