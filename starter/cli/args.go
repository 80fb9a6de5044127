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
			return fmt.Errorf("%s does not know what to do with %q", cmd.CommandPath(), args[len(names)])
		}
		return nil
	}
}

// clusterArg checks a cluster id.
func clusterArg(id string) error {
	if api.ValidClusterID(id) {
		return nil
	}
	return fault.New(fault.Invalid, "%s", idProblem(id)).WithHint("drover list shows the ids")
}
