// Package output is the CLI's one printer: every command returns an Output, and this package writes it as text, table
// or JSON. Text from nodes is cleaned here, so that nothing a node prints can drive the reader's terminal.
//
// It knows no commands and no Temporal. Callers: starter/cli.
package output
