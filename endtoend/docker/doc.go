// Package docker lives through operations on containers: the life of an etcd cluster with its data checked after every
// step, and an engine that restarts in the middle of operations.
// All tests share one engine, one Temporal, one Consul and one worker; Consul and the worker run on the machine.
//
// There is nothing but tests here. providers/docker has those of the provider alone.
package docker
