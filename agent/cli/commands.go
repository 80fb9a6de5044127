package cli

import (
	"context"
	"strings"
	"time"

	"drover/agent/api"
	"drover/fault"

	"github.com/spf13/cobra"
)

func (a *app) launch() *cobra.Command {
	var id string
	var c api.Command
	var timeout, grace, wait time.Duration
	cmd := &cobra.Command{
		Use:   "launch --id ID [flags] -- COMMAND...",
		Short: "Run a shell command once under an id, detached from this terminal and from the agent",
		Long: `Run a shell command once under an id. A second launch of the same id runs nothing and reports how the first is doing.
Several words are joined by spaces and given to /bin/sh -c. With --wait, the exit code is the command's.`,
		Example: "  drover-agent launch --id backup.1 --timeout 1h -- /opt/app/bin/backup --full",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Cmd = strings.Join(args, " ")
			c.TimeoutSec, c.GraceSec = seconds(timeout), seconds(grace)
			st, err := a.client().Launch(cmd.Context(), id, c, 0)
			if err == nil && wait > 0 {
				st, err = a.await(cmd.Context(), id, wait)
			}
			return a.commandResult(st, err, wait > 0)
		},
	}
	f := cmd.Flags()
	f.StringVar(&id, "id", "", "`id` of the command, for ever")
	f.DurationVar(&timeout, "timeout", 10*time.Minute, "when the command is ended")
	f.DurationVar(&grace, "grace", api.DefaultGrace*time.Second, "time between TERM and KILL")
	f.DurationVar(&wait, "wait", 0, "how long to wait for its end")
	f.StringVar(&c.Label, "label", "", "`words` for people")
	cmd.MarkFlagRequired("id")
	return a.printing(cmd)
}

func (a *app) attach() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "attach ID", Short: "Wait for the end of a command; its exit code is this one's", Args: cobra.ExactArgs(1),
		Long: `Wait for the end of a command that was launched, print the end of its output, and exit with its exit code; 125 when
it is unknown how it ended. When the wait is over before that, the command continues and the exit code is 0.`,
		Example: "  drover-agent attach cl-x.7.CC4.init.0.cln-y",
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := a.await(cmd.Context(), args[0], wait)
			return a.commandResult(st, err, true)
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 365*24*time.Hour, "how long to wait")
	return a.printing(cmd)
}

func (a *app) cancel() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "cancel ID", Short: "End a command's process group: TERM, its grace, KILL", Args: cobra.ExactArgs(1),
		Example: "  drover-agent cancel cl-x.7.CC4.init.0.cln-y",
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := a.client().Cancel(cmd.Context(), args[0], wait)
			return a.commandResult(st, err, false)
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 30*time.Second, "how long to wait for its end")
	return a.printing(cmd)
}

// oneWait is how long one call waits: a restart of the agent costs no more than asking again.
const oneWait = 10 * time.Minute

// agentBack is how long await puts up with an agent that is being restarted.
const agentBack = 30 * time.Second

// await attaches until the command ends or wait is over.
func (a *app) await(ctx context.Context, id string, wait time.Duration) (api.CommandStatus, error) {
	deadline, heard := time.Now().Add(wait), time.Now()
	for {
		left := time.Until(deadline)
		st, err := a.client().Attach(ctx, id, min(left, oneWait))
		switch {
		case err == nil && (st.State != api.StateRunning || left <= 0):
			return st, nil
		case err == nil:
			heard = time.Now()
		case ctx.Err() != nil || !fault.Is(err, fault.Unreachable) || time.Since(heard) > agentBack:
			return st, err
		default:
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// commandResult prints, and turns the command's end into an exit code if that was asked for.
func (a *app) commandResult(st api.CommandStatus, err error, code bool) error {
	if err == nil {
		err = a.printCommand(st)
	}
	switch {
	case err != nil || !code:
		return err
	case st.State == api.StateUnknown:
		return exit(exitUnknown)
	case st.State == api.StateExited && st.ExitCode != 0:
		return exit(st.ExitCode)
	}
	return nil
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
