package cli

import "github.com/spf13/cobra"

func (a *app) plan() *cobra.Command {
	create := a.createCommand(true)
	create.Short = "Show what creating a cluster would do"
	create.Example = "  drover plan create etcd --set etcd_node.count=3"

	del := a.deleteCommand(true)
	del.Aliases = []string{"rm"}
	del.Short = "Show what deleting a cluster would do"
	del.Example = "  drover plan delete cl-a1b2c3d4"

	return group(&cobra.Command{
		Use:   "plan",
		Short: "Show the numbered steps and commands of an operation, touching nothing",
		Long: `Show the numbered steps and commands of an operation, touching nothing.

The worker walks the same procedure as the real operation (a dry run), so the plan is the
operation's own word and not a guess.`,
		Example: `  drover plan create etcd --set etcd_node.count=3
  drover plan delete cl-a1b2c3d4 -o json`,
	}, create, del)
}
