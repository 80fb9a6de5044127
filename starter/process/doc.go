// Package process runs one server as a child process: its output in a log file, its id in a pid file, and a probe that
// reports when it answers. It knows how the servers of a throw-away installation are started: Temporal's development server, Consul
// and a worker.
//
// It does not install anything. Callers: starter/trial, and packages stack and consultest of the tests.
package process
