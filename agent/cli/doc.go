// Package cli is the command line of drover-agent: it parses, calls the agent through its socket (or runs it), prints,
// and decides the exit code in one place. Caller: package main.
package cli
