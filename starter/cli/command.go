package cli

import "github.com/spf13/cobra"

// Command returns the tree of all commands, for man pages and completion. Run runs them.
func Command() *cobra.Command { return newApp(System{}).root() }
