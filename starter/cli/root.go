package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/starter/output"
)

const rootLong = `Drover manages the lifecycle of application clusters: create, scale, upgrade, delete, as the
application's package defines it, durably on Temporal.

The connection to Temporal comes from the temporal CLI's own configuration file and the
TEMPORAL_* variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, ...); flags
override both. A worker (drover-worker) must poll the task queue "drover" there.

With --server and --token-file, or DROVER_SERVER and DROVER_TOKEN_FILE, all commands go through the HTTP API of
drover-console in the place of Temporal; the token says who asks and what may be done.

Results go to standard output, errors and notes to standard error. With -o json every
command prints one JSON object, lists in its items, and an error is {"error": {...}, "exit_code": n};
watch and logs --follow print an object per line.

` + exitHelp

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "drover",
		Short: "Durable lifecycle management of application clusters",
		Long:  rootLong,
		Example: `  drover apps publish ./etcd --app etcd --version 3.5
  drover create etcd --set etcd_node.count=3
  drover add-nodes cl-a1b2c3d4 --count 2
  drover status cl-a1b2c3d4`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.timeoutGiven = cmd.Flags().Changed("timeout")
			if !slices.Contains(output.Formats, a.format) {
				return fmt.Errorf("unknown output format %q: use one of %s", a.format, strings.Join(output.Formats, ", "))
			}
			a.printer.Format = output.Format(a.format)
			console, err := a.console()
			if err == nil && console != "" && cmd.Flags().Changed("as") {
				err = errors.New("--as does not work through drover-console: the token says who asks")
			}
			return err
		},
	}
	root.SetArgs(a.Args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)

	flags := root.PersistentFlags()
	flags.StringVarP(&a.format, "output", "o", string(output.Text), "output format: "+strings.Join(output.Formats, ", "))
	flags.StringVar(&a.target.Address, "address", "", "Temporal's host:port")
	flags.StringVar(&a.target.Namespace, "namespace", "", "Temporal namespace")
	flags.StringVar(&a.target.Profile, "profile", "", "profile of the temporal CLI's configuration file")
	flags.StringVar(&a.target.PayloadKey, "payload-key", "", "file with the key that encrypts payloads stored by Temporal, the same as the workers' (or DROVER_PAYLOAD_KEY)")
	flags.StringVar(&a.through.server, "server", "", "address of drover-console, to be asked in the place of Temporal (or DROVER_SERVER)")
	flags.StringVar(&a.through.tokenFile, "token-file", "", "file with a token of drover-console, for --server (or DROVER_TOKEN_FILE)")
	flags.StringVar(&a.through.caFile, "server-ca", "", "PEM file with the authority of drover-console's certificate (or DROVER_SERVER_CA; default: the system's)")
	flags.StringVar(&a.by, "as", a.by, "`who` asks, as operations and decisions record it")
	flags.DurationVar(&a.target.ConnectTimeout, "connect-timeout", 5*time.Second, "timeout for connecting to Temporal or drover-console")
	flags.DurationVar(&a.target.ReadTimeout, "timeout", 30*time.Second, "timeout for a worker's response; an operation is followed for as long as a worker works on it, and for 1m, or this long if given, while none responds")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(output.Formats, cobra.ShellCompDirectiveNoFileComp))

	root.AddGroup(
		&cobra.Group{ID: "operate", Title: "Change clusters:"},
		&cobra.Group{ID: "look", Title: "Look:"},
		&cobra.Group{ID: "package", Title: "Packages:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		"operate": append(a.operations(false), a.resolve(), a.cancel(), a.exec(), a.ssh(), a.plan(), a.rename(), a.label(), a.protect(), a.unprotect(), a.keep(), a.maintenance(), a.heal()),
		"look":    {a.list(), a.bin(), a.status(), a.nodes(), a.ops(), a.logs(), a.watch(), a.doctor(), a.concerns(), a.orphans(), a.providers(), a.hosts()},
		"package": {a.apps(), a.lint(), a.render(), a.metrics(), a.pkg()},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	root.AddCommand(a.example(), a.keygen(), a.codecServer(), a.version())
	return root
}

// group makes a command that only holds others: help without a subcommand, a usage error for an unknown one.
func group(c *cobra.Command, children ...*cobra.Command) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		}
		return nil
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	c.AddCommand(children...)
	return c
}
