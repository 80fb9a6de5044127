package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) exec() *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "exec CLUSTER NODE -- COMMAND [ARG...]",
		Short: "Run a command on a node as root",
		Long: `Run a command once on a node, as root, in the folder /, and print what it printed: stdout and stderr
together, the last 64 KiB. It works while an operation runs or is held, and does not wait for it.
drover ops lists who ran what.

No shell reads the command: its words are the program and its arguments. For pipes and variables of the node
run a shell: -- sh -c '...'. Standard input is empty. The words are recorded in Temporal's history, encrypted
only with a payload key: keep secrets in files of the node.

The command runs once, also when workers or this program are killed meanwhile. Ctrl-C and the end of
--timeout end it, with its process group. The exit code of drover is 1 when the command's is not 0.`,
		Example: `  drover exec cl-a1b2c3d4 etcd_node/1 -- df -h /data
  drover exec cl-a1b2c3d4 10.0.0.7 --timeout 1h -- sh -c 'cd /data && du -s * | sort -n'`,
		ValidArgsFunction: a.completeExec,
	}
	c.Args = func(cmd *cobra.Command, args []string) error { return oneNodeThen(cmd, args, true) }
	c.Flags().DurationVar(&timeout, "timeout", api.DefaultExecTimeout, "time limit of the command, at most 24h")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		in := api.ExecCommandInput{ClusterID: args[0], Node: args[1], Command: args[2:], Timeout: timeout.String()}
		if err := invalid("the request is invalid", in.Problems()); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		nodes, err := a.nodeIDs(ctx, in.ClusterID, args[1:2])
		if err != nil {
			return output.Output{}, err
		}
		in.Node = nodes[0]
		done, err := server.Exec(ctx, in, a.by)
		if err != nil {
			return output.Output{}, err
		}
		return output.Output{}, a.executed(done)
	})
	return c
}

// executed shows what a command printed, and behind that how it ended where that is not as it should be.
func (a *app) executed(done *api.Executed) error {
	if done.From > 0 {
		a.printer.Say("(%d bytes before this are not shown)", done.From)
	}
	out := output.Output{Value: done, Blocks: []output.Block{output.Lines(textLines(done.Output))}}
	if err := a.printer.Print(out); err != nil {
		return fault.Wrap(err, fault.Internal, "cannot write the output")
	}
	if done.OK() {
		return nil
	}
	a.printer.Say("%s: %s", done.Node, done.Ending())
	return quiet{exitFailed}
}

// oneNodeThen wants CLUSTER and NODE, and words behind -- only; with a command, some.
func oneNodeThen(cmd *cobra.Command, args []string, command bool) error {
	before := cmd.ArgsLenAtDash()
	switch {
	case before == -1 && command && len(args) > 2:
		return fmt.Errorf("%s needs -- before the command", cmd.CommandPath())
	case before == -1:
		before = len(args)
	}
	if err := exactly("CLUSTER", "NODE")(cmd, args[:before]); err != nil {
		return err
	}
	if command && len(args) == before {
		return fmt.Errorf("%s needs a command behind --", cmd.CommandPath())
	}
	return nil
}

// completeExec suggests a cluster, then a node of it.
func (a *app) completeExec(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return a.completeNodeArgs(cmd, args, word)
}
