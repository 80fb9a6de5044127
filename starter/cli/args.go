package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/workflows/api"
)

// exactly wants one argument per name and says which one is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), strings.Join(names[len(args):], " and "))
		case len(args) > len(names):
			name, _, assigned := strings.Cut(args[len(names)], "=")
			if assigned {
				name += "=..." // a value may be secret
			}
			return fmt.Errorf("%s: unexpected argument %q", cmd.CommandPath(), name)
		}
		return nil
	}
}

// atLeast wants one argument per name; the last may be repeated.
func atLeast(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return exactly(names...)(cmd, args)
		}
		return nil
	}
}

// clusterArg checks a cluster id.
func clusterArg(id string) error {
	if api.ValidClusterID(id) {
		return nil
	}
	return fault.New(fault.Invalid, "%s", idProblem(id)).WithHint("list the ids with: drover list")
}

func idProblem(id string) string {
	return fmt.Sprintf("%q is not a cluster id: use cl- and 8 lower-case letters or digits, like cl-a1b2c3d4", id)
}
