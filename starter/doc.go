// Command drover is the CLI of Drover: it publishes packages, starts operations on clusters as Temporal workflows,
// follows them, and reads what is there. It needs Temporal alone: everything else is the workers' business.
//
// This package wires the process (arguments, streams, environment, signals) to package cli and decides nothing.
package main
