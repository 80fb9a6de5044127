// Package process runs one server as a child process: its output in a log file, its id in a pid file, and a probe that
// reports when it answers. Package stack builds on it, and the Consul servers of package consultest.
package process
