// Package stack runs the servers Drover needs on this machine's loopback: a Temporal development server with a
// database file, Consul, and a worker. `make dev`, `make demo`, the end-to-end tests and the benchmarks stand on it.
//
// It is not for production. It ends only processes it started, by their ids, which it keeps in its folder so that a
// later run can clear up after one that died.
package stack
