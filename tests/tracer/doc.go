// Package tracer records what commands of an application see and when they run. Every command of a traced application is
// the program in tests/tracer/command: it reports to a Server in the test who it is and what it sees, waits for the answer,
// and ends as that says. An image has the program and the template that lets it see the whole metadata tree.
//
// It is for tests only. Called by conformance, chaos and endtoend/docker.
package tracer
