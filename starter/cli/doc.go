// Package cli is the command tree of drover. A command reads its arguments, calls package client (Temporal) or
// package specs (local packages), and returns an output.Output; only Run prints, and only exit.go decides exit codes.
//
// Nothing here touches the process: arguments, streams, environment, clock and the dialler come in through System.
// Callers: starter's main, tests.
package cli
