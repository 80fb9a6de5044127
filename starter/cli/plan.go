package cli

import "github.com/spf13/cobra"

// operations are the commands that start an operation, each as itself or, with plan, as a dry run.
func (a *app) operations(plan bool) []*cobra.Command {
	return []*cobra.Command{
		a.create(plan), a.delete(plan), a.addNodes(plan), a.deleteNodes(plan), a.scale(plan), a.upgrade(plan), a.downgrade(plan),
		a.startCluster(plan), a.stopCluster(plan), a.restart(plan), a.repair(plan), a.runService(plan), a.envGroup(plan), a.backup(plan),
		a.recoverCluster(plan), a.cease(plan),
	}
}

func (a *app) plan() *cobra.Command {
	verbs := a.operations(true)
	for _, c := range verbs {
		planned(c)
	}
	return group(&cobra.Command{
		Use:   "plan",
		Short: "Show the numbered steps and commands of an operation, changing nothing",
		Long: `Show the numbered steps and commands of an operation, changing nothing.

The worker runs the same procedure as the real operation (a dry run), so the plan lists exactly
the steps of the operation.`,
		Example: `  drover plan create etcd --set etcd_node.count=3
  drover plan add-nodes cl-a1b2c3d4 --count 2
  drover plan delete cl-a1b2c3d4 -o json`,
	}, verbs...)
}
