// Package screen shows an operation while it runs: in place on a terminal (Painter), or as one line per change of
// state (Log); a Canvas shows any lines in place. What a frame or a change looks like is decided by pure functions with clock and width passed in.
//
// It sends no requests: sights come from package client. Callers: starter/cli.
package screen
