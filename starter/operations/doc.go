// Package operations is the Temporal side of the CLI: it connects, starts operations under their one workflow id, runs
// the short reading workflows, follows a running operation, and turns every Temporal error into a fault.
//
// It prints nothing and knows no flags. Callers: starter/cli.
package operations
