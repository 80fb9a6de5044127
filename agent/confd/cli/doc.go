// Package cli has the subcommands of drover-agent that package authors use without a cluster: render and check-config.
// It wires package confd to flags and streams and decides nothing. drover-agent's main adds the commands; it prints the
// error they return and exits with 1.
package cli
