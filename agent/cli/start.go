package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"drover/agent/api"
	"drover/agent/daemon"
	"drover/agent/keep"
	"drover/fault"

	"github.com/spf13/cobra"
)

func (a *app) start() *cobra.Command {
	var n keep.Node
	var limit time.Duration
	var stdin bool
	var program string
	cmd := &cobra.Command{
		Use: "start", Short: "Make the agent run and keep running, and wait until it answers", Args: cobra.NoArgs,
		Long: `Make the agent run and keep running, now and after a reboot where the node has a means for that: systemd, the node's own
init (` + api.ServicesDir + `), or else a parent process of its own. An agent that runs with this program and these settings is
left alone.

With --stdin, the settings come from standard input and replace the settings file, and the exit code says what happened:
` + fmt.Sprintf("%d done, %d this is not the program asked for, %d failed, %d a foreign agent answers", api.SetupDone,
			api.SetupOtherProgram, api.SetupFailed, api.SetupForeign) + `.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n.Socket = a.socket
			if stdin {
				return a.setup(cmd.Context(), n, program, cmd.InOrStdin(), limit)
			}
			st, err := n.Start(cmd.Context(), limit)
			if err != nil {
				return err
			}
			return a.printStatus(st)
		},
	}
	cmd.Flags().StringVar(&n.ConfigFile, "config", api.ConfigFile, "settings `file`")
	cmd.Flags().DurationVar(&limit, "timeout", 30*time.Second, "how long to wait for the agent")
	cmd.Flags().BoolVar(&stdin, "stdin", false, "take the settings from standard input")
	cmd.Flags().StringVar(&program, "program", "", "with --stdin: `words` that describe the program asked for")
	return a.printing(cmd)
}

// settingsLimit bounds what is read of standard input.
const settingsLimit = 1 << 20

// setup is all that happens on a node when a worker installs the agent there: one process, which is this one.
func (a *app) setup(ctx context.Context, n keep.Node, program string, in io.Reader, limit time.Duration) error {
	// The file this process was started from, whatever lies at its path by now.
	same, err := keep.IsProgram("/proc/self/exe", program)
	if err == nil && !same {
		return exit(api.SetupOtherProgram)
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(in, settingsLimit))
	}
	if err == nil {
		err = daemon.ReplaceConfig(n.ConfigFile, data)
	}
	if err == nil {
		_, err = n.Start(ctx, limit)
	}
	if err == nil {
		return exit(api.SetupDone)
	}
	a.complain(err)
	if fault.Is(err, fault.Conflict) {
		return exit(api.SetupForeign)
	}
	return exit(api.SetupFailed)
}
