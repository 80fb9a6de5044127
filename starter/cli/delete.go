package cli

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/operations"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) delete() *cobra.Command {
	c := a.deleteCommand(false)
	c.Aliases = []string{"rm"}
	c.Short = "Delete a cluster, its machines and its data"
	c.Long = `Delete a cluster: the package's destroy and stop, then machines, volumes and metadata.

A package's destroy may refuse (it guards data); --force goes on, unless the package forbids
that. On a terminal you are asked first; --yes answers. In scripts nothing is asked.`
	c.Example = `  drover delete cl-a1b2c3d4
  drover delete cl-a1b2c3d4 --force --yes
  drover delete cl-a1b2c3d4 --dry-run`
	return c
}

// deleteCommand is delete, and plan delete: the same request as a dry run.
func (a *app) deleteCommand(planOnly bool) *cobra.Command {
	var (
		in          api.DeleteClusterInput
		noWait, yes bool
	)
	c := &cobra.Command{
		Use:               "delete CLUSTER",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	flags := c.Flags()
	flags.BoolVar(&in.Force, "force", false, "go on when the package's destroy refuses")
	if !planOnly {
		flags.BoolVar(&in.DryRun, "dry-run", false, "show what would be done and touch nothing")
		flags.BoolVar(&noWait, "no-wait", false, "return once the operation is started")
		flags.BoolVarP(&yes, "yes", "y", false, "do not ask")
		c.MarkFlagsMutuallyExclusive("dry-run", "no-wait")
	}
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		id := args[0]
		if err := clusterArg(id); err != nil {
			return output.Output{}, err
		}
		in.DryRun = in.DryRun || planOnly
		if !in.DryRun && !yes {
			if err := a.confirm(ctx, "Delete cluster "+id+" with all its machines and data?"); err != nil {
				return output.Output{}, err
			}
		}
		return a.operate(ctx, operations.Request{
			Operation: api.DeleteCluster,
			ClusterID: id,
			Summary:   "delete " + id,
			Input:     in,
		}, noWait, in.DryRun)
	})
	return c
}

// confirm asks on a terminal. Without one nobody can answer, and a script has decided already.
func (a *app) confirm(ctx context.Context, question string) error {
	_, _, inTerminal := a.Terminal(a.Stdin)
	_, _, errTerminal := a.Terminal(a.Stderr)
	if !inTerminal || !errTerminal {
		return nil
	}
	a.printer.Ask(question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.Stdin).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case line := <-answers:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		return fault.New(fault.NotAllowed, "not confirmed; nothing was changed")
	}
}
