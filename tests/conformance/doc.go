// Package conformance proves that operations do what the documented procedures say, and nothing else: which command runs
// on which node, in which order, how often, and what each command saw of the cluster's metadata when it began.
//
// The programs are the real ones, and so are Temporal, Consul and the nodes. Applications are made for the purpose from a
// line per role (tracedApp); every command of theirs is the program tracer, which reports to a collector in the test
// before it does anything, and ends as the collector says. So a test writes down a procedure as groups of commands
//
//	init: a/1 a/2 | hosts a/1 a/2 b/1
//	start: b/1    | hosts a/1 a/2 b/1
//
// and the collector holds every command of a group until all of the group have begun: only an operation that runs them
// at the same time gets past (S2), and a command that comes too early, twice, or not at all is told by name.
//
// Steps lists the steps of all procedures; conformance/table writes docs/conformance.md, which names the tests that prove
// each step. There is nothing else here: only the table imports this package.
package conformance
