// Package client is Drover's Go client: it connects to Temporal as the drover command does, starts operations under their one
// workflow id, runs the short reading workflows, follows a running operation, and turns every error of Temporal into a fault.
//
// It prints nothing, knows no flags, and contacts neither nodes nor Consul. Callers: starter/cli, console, and any Go program that
// operates clusters.
package client
