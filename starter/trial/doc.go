// Package trial lets an application package live on this machine: a throw-away installation (Temporal, Consul, a worker with
// provider local) and a cluster of the package that goes through all operations, with the author's checks after each, and every
// service run twice.
//
// It prints nothing. Callers: starter/cli, for `drover package test`.
package trial
