// Package client speaks package api to an agent over any connection: the unix socket on the node itself, or a channel
// of an SSH connection to it. Every error is a fault.Fault: the agent's own, with the type it gave, or Unreachable when
// no answer came.
//
// It never retries and starts nothing; whether a call is worth repeating follows from the fault. Callers:
// drover-agent's subcommands, remote.
package client
