// Package fakes holds in-memory stand-ins for Consul and for the agents on nodes, for tests of workflows and
// activities and for fault injection. The stores pass the same conformance suite as the real one; the agents keep a
// journal like the real ones: a command runs once under its id.
//
// Nothing outside tests uses it.
package fakes
