package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	agentapi "drover/agent/api"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

// logTail is how much of each command is read unless all is wanted.
const logTail = 64 << 10

func (a *app) logs() *cobra.Command {
	var (
		in          api.ReadLogsInput
		lines       int
		all, follow bool
	)
	c := &cobra.Command{
		Use:   "logs CLUSTER [NODE...]",
		Short: "Show the output of an operation's commands, by node",
		Long: `Show what the commands of an operation printed, stdout and stderr together, from the journals of the
nodes: of the running operation, or of the last one that ran commands. Drover ops lists the numbers
of operations. Nodes keep the last 5 to 10 MiB of each command; the last 64 KiB are shown unless
--all is given. Passwords of the package are removed.

--follow shows new output until the operation has ended. With -o json it prints one JSON object per
line and part of output: an element of the items without --follow.`,
		Example: `  drover logs cl-a1b2c3d4
  drover logs cl-a1b2c3d4 etcd_node/1 --operation 7 --step CC4
  drover logs cl-a1b2c3d4 --lines 20
  drover logs cl-a1b2c3d4 --follow`,
		Args:              atLeast("CLUSTER"),
		ValidArgsFunction: a.completeNodeArgs,
	}
	flags := c.Flags()
	flags.IntVar(&in.Operation, "operation", 0, "`number` of the operation (default: the running or last one)")
	flags.StringVar(&in.Step, "step", "", "only commands of this step, such as CC4")
	flags.IntVar(&lines, "lines", 0, "show the last `n` lines of each command")
	flags.BoolVar(&all, "all", false, "show everything that the nodes keep")
	flags.BoolVarP(&follow, "follow", "f", false, "show new output until the operation has ended")
	c.MarkFlagsMutuallyExclusive("lines", "all")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		problems := in.Problems()
		if c.Flags().Changed("lines") && lines < 1 {
			problems = append(problems, fmt.Sprintf("--lines %d: must be positive", lines))
		}
		if err := invalid("the request is invalid", problems); err != nil {
			return output.Output{}, err
		}
		server, err := a.server(ctx)
		if err != nil {
			return output.Output{}, err
		}
		in.ClusterID, in.From, in.Tail = args[0], map[string]int64{}, logTail
		if all {
			in.Tail = 0
		}
		if len(args) > 1 {
			if in.Nodes, err = server.NodeIDs(ctx, in.ClusterID, args[1:]); err != nil {
				return output.Output{}, err
			}
		}
		if follow {
			return output.Output{}, a.followLogs(ctx, server, in, lines)
		}
		logs, err := readLogs(ctx, server, in)
		if err != nil {
			return output.Output{}, err
		}
		for i := range logs.Commands {
			logs.Commands[i].Output = lastLines(logs.Commands[i].Output, lines)
		}
		return output.Output{Value: logsValue(logs), Blocks: []output.Block{logLines(logs)}}, silence(logs)
	})
	return c
}

// readLogs reads until everything is read, each command as one.
func readLogs(ctx context.Context, server backend, in api.ReadLogsInput) (*api.Logs, error) {
	all := &api.Logs{Commands: []api.CommandLog{}}
	index := map[string]int{}
	for {
		logs, err := server.Logs(ctx, in)
		if err != nil {
			return nil, err
		}
		all.ClusterID, all.Operation, all.Running, all.Silent = logs.ClusterID, logs.Operation, logs.Running, logs.Silent
		for _, c := range logs.Commands {
			i, known := index[c.ID]
			if !known {
				index[c.ID] = len(all.Commands)
				all.Commands = append(all.Commands, c)
			} else {
				c.From, c.Output = all.Commands[i].From, all.Commands[i].Output+c.Output
				all.Commands[i] = c
			}
			in.From[c.ID] = readOn(c)
		}
		if !logs.More {
			return all, nil
		}
		in.Operation = logs.Operation
	}
}

// readOn is where a command is read on.
func readOn(c api.CommandLog) int64 {
	if c.State != agentapi.StateRunning && c.Next == c.Size {
		return api.LogRead
	}
	return c.Next
}

// followLogs prints output as it comes, until the operation has ended.
func (a *app) followLogs(ctx context.Context, server backend, in api.ReadLogsInput, lines int) error {
	shown := logPrinter{app: a, begun: map[string]bool{}}
	for {
		logs, err := server.Logs(ctx, in)
		if err != nil {
			return err
		}
		for _, c := range logs.Commands {
			if _, known := in.From[c.ID]; !known {
				c.Output = lastLines(c.Output, lines)
			}
			in.From[c.ID] = readOn(c)
			if err := shown.show(c, in.From[c.ID] == api.LogRead); err != nil {
				return fault.Wrap(err, fault.Internal, "cannot write the output")
			}
		}
		if !logs.Running && !logs.More {
			if len(shown.begun) == 0 {
				a.printer.Say("%s", noCommands(logs))
			}
			for _, s := range logs.Silent {
				a.printer.Say("%s", silentLine(s))
			}
			return silence(logs)
		}
		in.Operation, in.WaitSec = logs.Operation, min(api.MaxLogWait, int(a.target.ReadTimeout.Seconds()/2))
	}
}

// logPrinter prints parts of output under a heading for each change of the command.
type logPrinter struct {
	*app
	begun map[string]bool
	last  string
}

func (p *logPrinter) show(c api.CommandLog, ended bool) error {
	if p.printer.Format == output.JSON {
		return json.NewEncoder(p.Stdout).Encode(c)
	}
	var lines output.Lines
	if p.last != c.ID && (c.Output != "" || !p.begun[c.ID]) {
		if len(p.begun) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, logHead(c))
	}
	p.last, p.begun[c.ID] = c.ID, true
	lines = append(lines, textLines(c.Output)...)
	if ended {
		lines = append(lines, fmt.Sprintf("-- %s: %s", c.Node, commandEnd(c)))
		p.last = ""
	}
	return p.printer.Print(output.Output{Blocks: []output.Block{lines}})
}

// silence fails when nothing is shown and a node could not be asked.
func silence(logs *api.Logs) error {
	if len(logs.Silent) == 0 || len(logs.Commands) > 0 {
		return nil
	}
	s := logs.Silent[0]
	return fault.New(fault.Unreachable, "the journal of node %s (%s) cannot be read: %s", s.Node, s.NodeID, s.Why).
		At(logs.ClusterID, s.NodeID, "").WithHint("check the nodes with: drover status %s", logs.ClusterID)
}
