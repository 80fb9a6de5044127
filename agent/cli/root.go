package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"drover/agent/api"
	"drover/agent/client"
	confdcli "drover/agent/confd/cli"
	"drover/fault"

	"github.com/spf13/cobra"
)

// System is what the command line has of the outside.
type System struct {
	Args           []string // without the program's name
	Stdout, Stderr io.Writer
	Version        string
}

// Exit codes. attach and launch --wait end with the command's own instead.
const (
	exitOK      = 0
	exitFailure = 1
	// exitUnknown: a command began, and it is unknown how it ended.
	exitUnknown = 125
)

// exit is an exit code that is not worth a message.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// app is one run of the command line.
type app struct {
	System
	socket string
	output string
}

// Run parses, does what was asked, and returns the exit code.
func Run(ctx context.Context, s System) int {
	a := &app{System: s}
	root := a.root()
	root.SetArgs(s.Args)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	a.complain(err)
	return exitFailure
}

// complain writes what went wrong to standard error.
func (a *app) complain(err error) {
	fmt.Fprintln(a.Stderr, "drover-agent:", err)
	if f := fault.As(err); f != nil && f.Output != "" {
		fmt.Fprintln(a.Stderr, "    "+strings.ReplaceAll(strings.TrimSpace(f.Output), "\n", "\n    "))
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "drover-agent",
		Short:         "Drover's program on a node: configuration, commands, health",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if a.output != "" && a.output != "text" && a.output != "json" {
				return fault.New(fault.Invalid, "unknown output format %q", a.output).WithHint("use text or json")
			}
			return nil
		},
	}
	root.PersistentFlags().StringVar(&a.socket, "socket", api.Socket, "the agent's `socket`")
	root.AddCommand(a.run(), a.start(), a.stop(), a.status(), a.sync(), a.reload(), a.launch(), a.attach(), a.cancel(),
		a.version(), a.keep(), a.folder())
	root.AddCommand(confdcli.Commands()...)
	return root
}

func (a *app) client() *client.Client { return client.Unix(a.socket) }

// printing adds -o to a command that prints data.
func (a *app) printing(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVarP(&a.output, "output", "o", "text", "`format`: text or json")
	return cmd
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { fmt.Fprintln(a.Stdout, a.Version) },
	}
}
