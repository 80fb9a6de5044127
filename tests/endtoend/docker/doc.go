// Package docker lives through operations on containers: the life of an etcd cluster with its data checked after every
// step, an engine that restarts in the middle of operations, and real packages with tracing commands in place of theirs.
// All tests share one engine, one Temporal, one Consul and one worker; Consul and the worker run on the machine.
//
// There is nothing but tests here. providers/docker has those of the provider alone, endtoend/compose the quick start.
package docker
